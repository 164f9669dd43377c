#!/bin/sh
# Run once, when the container makes its database: the server reads our settings from the mounted file from then on.
set -eu
echo "include = '/etc/botobs/postgresql.conf'" >> "$PGDATA/postgresql.conf"
