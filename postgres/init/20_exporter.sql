-- The user that the exporter logs in as: it may read every statistic and no table. Run as a superuser, for a database of
-- your own as well; the password is read from a file, so that it appears on no command line.
\set ON_ERROR_STOP on
-- The password must not stay behind in the log or in the statistics.
SET log_min_duration_statement = -1;
SET pg_stat_statements.track_utility = off;
\set password `cat "${BOTOBS_EXPORTER_PASSWORD_FILE:-/secrets/database-exporter.password}"`

SELECT 'CREATE ROLE exporter LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exporter') \gexec
ALTER ROLE exporter PASSWORD :'password' CONNECTION LIMIT 5;
ALTER ROLE exporter SET statement_timeout = '10s';
-- Sizes of tables wait for whoever has locked one; without this, the whole scrape would, and be lost.
ALTER ROLE exporter SET lock_timeout = '300ms';
GRANT pg_monitor TO exporter;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
