#!/usr/bin/env bash
# deploy/check-database.sh BIN SECRETS TRIDENT: runs deploy/postgres/10-trident.sh as the PostgreSQL image does, against a server of
# its own, and signs in with the logins that it made. BIN holds initdb and pg_ctl; SECRETS is what prepare.sh wrote.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
bin="$1" secrets="$2" trident="$3"
data="$(mktemp -d)"
. "$root/deploy/free-ports.sh"
port="$(free_ports 1)"
as=()
# PostgreSQL does not run as root.
if [ "$(id -u)" = 0 ]; then
    chown postgres "$data"
    as=(runuser -u postgres --)
fi
finish() {
    (cd / && "${as[@]}" "$bin/pg_ctl" --silent --pgdata "$data/pg" --mode immediate stop) >/dev/null 2>&1 || true
    rm -rf "$data"
}
trap finish EXIT
cd /
"${as[@]}" "$bin/initdb" --pgdata "$data/pg" --username trident_owner --auth-local trust --auth-host scram-sha-256 >/dev/null
"${as[@]}" "$bin/pg_ctl" --silent --wait --pgdata "$data/pg" --log "$data/log" --options "-p $port -k $data -h 127.0.0.1" start
export PGHOST="$data" PGPORT="$port"
psql --no-psqlrc --quiet --username trident_owner --dbname postgres --command "CREATE DATABASE trident"
POSTGRES_USER=trident_owner POSTGRES_DB=trident TRIDENT_SQL="$root/sql/postgresql" TRIDENT_LOGINS="$secrets/database-logins.sql" \
    "$root/deploy/postgres/10-trident.sh"
"$trident" sql status --connection "Host=$data;Port=$port;Database=trident;Username=trident_owner"

# Each login signs in over TCP with the password of its own file, and reads what its role may and nothing else.
for login in party-1 party-2 party-3 client; do
    password="$(sed 's/.*Password=//' "$secrets/$login-connection")"
    user="$(sed 's/.*Username=\([^;]*\).*/\1/' "$secrets/$login-connection")"
    role="$(PGPASSWORD="$password" psql --no-psqlrc -At --host 127.0.0.1 --username "$user" --dbname trident \
        --command "SELECT rolname FROM pg_roles WHERE rolname LIKE 'trident\_%' AND NOT rolsuper AND pg_has_role(current_user, oid, 'member')")"
    echo "$user: $role"
    [ "$role" = "$([ "$login" = client ] && echo trident_client || echo trident_silo)" ]
    if PGPASSWORD="$password" psql --no-psqlrc --host 127.0.0.1 --username "$user" --dbname trident --command "CREATE TABLE public.mine (x int)" >/dev/null 2>&1; then
        echo "check: $user can make tables" >&2
        exit 1
    fi
done
