#!/bin/bash
# Prepares the database of a new volume: the tables, functions and rights of sql/postgresql in one transaction, then the logins.
# The PostgreSQL image runs it once. An existing volume is brought up to date by 'trident sql apply'.
set -euo pipefail
sql="${TRIDENT_SQL:-/trident/sql}"
logins="${TRIDENT_LOGINS:-/run/secrets/database-logins}"

run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" "$@"; }

files=()
for file in "$sql"/*.sql; do
    files+=(--file "$file")
done
run --single-transaction "${files[@]}" >/dev/null
# A statement that fails would be shown with the password in it.
run --set VERBOSITY=terse --set SHOW_CONTEXT=never --file "$logins" >/dev/null
