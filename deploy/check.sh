#!/usr/bin/env bash
# deploy/check.sh [OUT]: publishes Trident from a copy of what the Dockerfile copies, in a clean directory, and puts what comes out
# to use: ELF architecture, init, share, up, fetch, rotate, start again, fetch. With docker-compose or a PostgreSQL installed,
# it also checks the compose file and the script that prepares the database; with a Prometheus, its settings and the dashboard's
# expressions. OUT keeps what was published.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
. "$root/deploy/free-ports.sh"
work="$(mktemp -d)"
out="${1:-$work/out}"
pids=()
finished=""
finish() {
    local code=$? pid
    # Ended by a signal, the last status may be 0: only the last line says that all was done.
    [ -n "$finished" ] || [ "$code" -ne 0 ] || code=1
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
    [ "$code" -eq 0 ] && echo "check: all is well" || echo "check: FAILED" >&2
    exit "$code"
}
trap finish EXIT

step() { echo "== $*"; }
fail() { echo "check: $*" >&2; exit 1; }

# wait_ready PID OUTPUT: until 'up' says that it serves.
wait_ready() {
    for _ in $(seq 600); do
        grep -qx ready "$2" && return
        kill -0 "$1" 2>/dev/null || { cat "$2" "$2.err" >&2; fail "'up' ended"; }
        sleep 0.2
    done
    fail "'up' did not get ready in two minutes"
}

step "publish from a copy of what the Dockerfile copies"
mkdir "$work/source"
(cd "$root" && tar -c --exclude=bin --exclude=obj $(sed -n 's/^COPY \([a-zA-Z.].*\) [^ ]*$/\1/p' Dockerfile | grep -v '^deploy')) | tar -x -C "$work/source"
[ -x "$work/source/trident" ] || fail "the Dockerfile no longer copies the launcher"
"$work/source/trident" publish "$out"

step "architectures"
machine() { od -An -tu2 -j18 -N2 "$1" | tr -d ' '; }
for program in trident trident-silo; do
    [ "$(machine "$out/linux-x64/$program")" = 62 ] || fail "linux-x64/$program is not x86-64"
    [ "$(machine "$out/linux-arm64/$program")" = 183 ] || fail "linux-arm64/$program is not AArch64"
done
for runtime in linux-arm64:183 linux-x64:62; do
    mapfile -t libraries < <(find "$out/${runtime%:*}" -name '*.so')
    [ "${#libraries[@]}" -gt 0 ] || fail "no library was published for ${runtime%:*}"
    for library in "${libraries[@]}"; do
        [ "$(machine "$library")" = "${runtime#*:}" ] || fail "$library is not of ${runtime%:*}"
    done
done
others="$(find "$out" \( -name '*.dll' -o -name '*.dylib' -o -name '*.pdb' \) -print)"
[ -z "$others" ] || fail "published what is of no use: $others"

# From here on there is no dotnet: only what was published, in an environment that knows nothing of it.
clean=(env -i "HOME=$work" PATH=/usr/bin:/bin)
trident() { "${clean[@]}" "$out/linux-x64/trident" "$@"; }

step "serve a table with the published programs"
case "$(uname -m)" in x86_64) ;; *) fail "this part runs on x86-64" ;; esac
awk 'BEGIN { srand(7); for (i = 0; i < 500; i++) { printf "%c%c%c%c", 8, 0, 0, 0; for (j = 0; j < 8; j++) printf "%c", 1 + int(rand() * 127) } }' >"$work/base.bvecs"
trident init "$work/d" --base-port "$(free_ports 40)"
trident share "$work/d" --table t --vectors "$work/base.bvecs"
fetch_all() {
    trident bench "$work/d" --table t --queries 200 --concurrency 4 --verify "$work/base.bvecs" --json "$work/bench.json" >"$work/bench.txt" 2>&1 ||
        { cat "$work/bench.txt" >&2; fail "a fetched row was wrong, or not fetched"; }
}
serve() {
    # Not by way of a function: a shell would stand in between, and the signal would end that one alone.
    "${clean[@]}" "$out/linux-x64/trident" up "$work/d" >"$work/up.txt" 2>"$work/up.txt.err" &
    pids=($!)
    wait_ready "$!" "$work/up.txt"
}
stop() {
    kill "${pids[0]}"
    wait "${pids[0]}" || { cat "$work/up.txt.err" >&2; fail "'up' ended with an error"; }
    pids=()
}
serve
fetch_all
stop

step "rotate party 2's identity and serve again"
trident rotate "$work/d" --party 2
serve
fetch_all
stop

if command -v docker-compose >/dev/null; then
    step "docker-compose config"
    TRIDENT_ENV_FILE="$work/env" "$root/deploy/prepare.sh" "$work/compose" "$out/linux-x64/trident" >/dev/null
    for profile in "" client monitoring; do
        COMPOSE_PROFILES="$profile" docker-compose --env-file "$work/env" -f "$root/docker-compose.yml" config --quiet
    done
    # The variables of a party's container name no other party's files.
    COMPOSE_PROFILES=client,monitoring docker-compose --env-file "$work/env" -f "$root/docker-compose.yml" config >"$work/config.yml"
    service() { awk -v s="  $1:" '$0 == "services:" { in_services = 1 } in_services && $0 == s { on = 1; next } on && /^ ? ?[^ ]/ { exit } on' "$work/config.yml"; }
    for party in 1 2 3; do
        service "party-$party" >"$work/service.yml"
        grep -q "deployment/party-$party:" "$work/service.yml" || fail "party $party is not given its directory"
        ! grep -E 'party-[123]|collections|client' "$work/service.yml" | grep -v "party-$party" || fail "party $party is given what is another's"
    done
    service client >"$work/service.yml"
    for mount in parties.json tables collections; do
        grep -q "/compose/deployment/$mount:/deployment/$mount:ro" "$work/service.yml" || fail "the client is not given $mount"
        [ -e "$work/compose/deployment/$mount" ] || fail "prepare.sh makes no $mount, which the client is given"
    done
    ! grep -E 'party-[123]|owner' "$work/service.yml" || fail "the client is given what is a party's or the owner's"
else
    echo "check: docker-compose is not installed, so the compose file is not checked"
fi

bin="$(compgen -G '/usr/lib/postgresql/*/bin' | tail -1 || true)"
if [ -n "$bin" ] && [ -f "$work/compose/secrets/database-logins.sql" ]; then
    step "the database's script"
    "$root/deploy/check-database.sh" "$bin" "$work/compose/secrets" "$out/linux-x64/trident"
else
    echo "check: PostgreSQL or docker-compose is not installed, so the database's script is not run"
fi
if command -v prometheus >/dev/null && command -v promtool >/dev/null && command -v jq >/dev/null && command -v curl >/dev/null; then
    step "the dashboard's expressions, by a Prometheus"
    "${clean[@]}" "$root/deploy/check-dashboard.sh" "$out/linux-x64/trident"
else
    echo "check: prometheus, promtool, jq or curl is not installed, so the dashboard's expressions are not asked for"
fi
finished=yes
