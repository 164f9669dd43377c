# Read once, when the container makes its database: from then on the server reads our settings from the mounted file.
echo "include = '/config/postgres/postgresql.conf'" >> "$PGDATA/postgresql.conf"
