#!/usr/bin/env bash
# deploy/prepare.sh DIR [trident]: what docker-compose.yml needs, all of it new: a deployment in DIR/deployment, secrets in
# DIR/secrets, and .env beside docker-compose.yml, which names both. Nothing that is there is overwritten.
set -euo pipefail
umask 077
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "$1" = --help ]; then
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
trident="${2:-$root/trident}"
env="${TRIDENT_ENV_FILE:-$root/.env}"
for taken in "$1" "$env"; do
    if [ -e "$taken" ]; then
        echo "prepare.sh: $taken is there already; move it away or choose another directory." >&2
        exit 1
    fi
done

# Containers run as the owner of what is made here, who is not to be root.
uid="$(id -u)" gid="$(id -g)"
if [ "$uid" = 0 ]; then
    # APP_UID of the images.
    uid=1654 gid=1654
fi

# 256 bits, in characters that need no quoting anywhere.
secret() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

mkdir -p "$1"
directory="$(cd "$1" && pwd)"
"$trident" init "$directory/deployment" --hosts party-1,party-2,party-3
# Mounted from the start. What is in collections/ is for clients; parties are not given it.
mkdir -p "$directory/deployment/tables" "$directory/deployment/collections" "$directory/secrets"

cd "$directory/secrets"
secret >database-owner
for party in 1 2 3; do
    secret >"party-$party-http-token"
done
secret >grafana-admin
for login in party_1 party_2 party_3 client; do
    password="$(secret)"
    role=trident_silo
    file="${login/_/-}-connection"
    [ "$login" = client ] && role=trident_client
    printf "CREATE ROLE %s LOGIN PASSWORD '%s' IN ROLE %s;\n" "$login" "$password" "$role" >>database-logins.sql
    printf 'Host=database;Database=trident;Username=%s;Password=%s' "$login" "$password" >"$file"
done
# Containers read them as users of their own; on this machine the directory, which only its owner may enter, keeps them.
chmod 444 ./*
[ "$(id -u)" != 0 ] || chown -R "$uid:$gid" "$directory/deployment"

cat >"$env" <<END
# Written by deploy/prepare.sh. Containers run as the owner of the identities, which nobody else may read.
TRIDENT_DEPLOYMENT=$directory/deployment
TRIDENT_SECRETS=$directory/secrets
TRIDENT_UID=$uid
TRIDENT_GID=$gid
END
echo "secrets in $directory/secrets; settings in $env"
echo "next: share a table to $directory/deployment, then 'docker compose up -d'"
