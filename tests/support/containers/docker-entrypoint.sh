#!/bin/sh
# What the documentation of the official PostgreSQL image says of its entrypoint, as far as docker-compose.yml uses it:
# https://hub.docker.com/_/postgres (POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS, initialization scripts, arbitrary --user)
set -e
export PGDATA=/var/lib/postgresql/18/docker PGHOST=/var/run/postgresql PGUSER=postgres

if [ "$(id -u)" = 0 ]; then
  echo "entrypoint: as root it would hand the data over and become another user, which needs SETUID" >&2
  exit 1
fi

# The user has no entry in passwd, and initdb wants one.
names=/tmp/passwd groups=/tmp/group
echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >$names
echo "postgres:x:$(id -g):" >$groups
export LD_PRELOAD=/usr/lib/libnss_wrapper.so NSS_WRAPPER_PASSWD=$names NSS_WRAPPER_GROUP=$groups

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  # Word splitting is what the variable is for.
  # shellcheck disable=SC2086
  initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  printf "listen_addresses = '*'\nunix_socket_directories = '/var/run/postgresql'\n" >>"$PGDATA/postgresql.conf"

  # Nobody outside may speak to it before it is whole.
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses=''" --wait start
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) . "$file" ;;
      *.sql) psql --no-password --no-psqlrc --set=ON_ERROR_STOP=1 --file="$file" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
fi
exec "$@"
