#!/usr/bin/env bash
# deploy/rehearse.sh PROGRAMS: runs the procedures of docs/operations.md with the published programs in PROGRAMS, and checks each.
# Three directories stand for three machines, all on loopback, with a PostgreSQL of its own (Debian's postgresql; removed at the end).
# Every command is printed before it runs. Ends with 0 when every procedure did what it should. LOG=FILE keeps the silos' output.
set -euo pipefail
programs="$(cd "${1:?rehearse: which directory holds the published trident and trident-silo?}" && pwd)"
[ -x "$programs/trident-silo" ] || { echo "rehearse: $programs holds no trident-silo; './trident publish OUT' makes one." >&2; exit 1; }
bin="$(compgen -G '/usr/lib/postgresql/*/bin' | tail -1 || true)"
[ -n "$bin" ] || { echo "rehearse: PostgreSQL is not installed; 'apt-get install postgresql' brings it." >&2; exit 1; }
work="$(mktemp -d)" data="$(mktemp -d)" rows=2000 dimension=16
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/free-ports.sh"
# The silos take ports up to base + 32 and base + 101 to 103.
base="$(free_ports 110)"
port="$((base + 105))"
declare -A silo starts=([1]=0 [2]=0 [3]=0)
as=()
# PostgreSQL does not run as root.
[ "$(id -u)" != 0 ] || { chown postgres "$data"; as=(runuser -u postgres --); }
postgres() { (cd / && "${as[@]}" "$bin/pg_ctl" --silent --wait --pgdata "$data/pg" --log "$data/log" --options "-p $port -k $data -h 127.0.0.1" "$@"); }
finished=""
finish() {
    local code=$? pid
    # Ended by a signal, the last status may be 0: only the last line says that all was done.
    [ -n "$finished" ] || [ "$code" -ne 0 ] || code=1
    trap - EXIT
    trap '' HUP INT TERM
    [ "$code" -eq 0 ] || tail -n 5 "$work"/silo-*.log >&2 || true
    for pid in "${silo[@]}" ${load:+"$load" "$(cat load.pid)"}; do kill -9 "$pid" 2>/dev/null || true; done
    postgres --mode immediate stop >/dev/null 2>&1 || true
    [ -z "${LOG:-}" ] || cat "$work"/silo-*.log >"$LOG"
    rm -rf "$work" "$data"
    [ "$code" -eq 0 ] && echo "rehearse: all is well" || echo "rehearse: FAILED" >&2
    exit "$code"
}
trap finish EXIT
cd "$work"
# What runs here knows of no dotnet.
clean=(env -i "HOME=$work" "PATH=$programs:/usr/bin:/bin")
step() { echo; echo "== $(date -u +%T) $*"; }
fail() { echo "rehearse: $*" >&2; exit 1; }
run() { echo "\$ $*"; "${clean[@]}" "$@"; }
sql() { echo "\$ psql -c \"$2\" $1"; psql --no-psqlrc --quiet --host "$data" --port "$port" --username trident_owner --command "$2" "$1"; }
now() { date +%s%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", (b - a) / 1e9 }'; }

# start N: party N's silo, as the operations page starts it.
start() {
    echo "\$ Trident__Deployment=m$1 Trident__Party=$1 ... trident-silo &"
    starts[$1]=$((starts[$1] + 1))
    began=$(now)
    "${clean[@]}" "Trident__Deployment=$work/m$1" "Trident__Party=$1" Trident__Clustering=postgres Trident__ClusteringWait=00:00:03 \
        "Trident__ClusteringConnectionFile=$work/party-$1.connection" "Trident__Http__Port=$((base + 100 + $1))" \
        "Trident__Http__TokenFile=$work/token" trident-silo >>"silo-$1.log" 2>&1 &
    silo[$1]=$!
}
ready() {
    local count
    for _ in $(seq 600); do
        count="$(grep -cx "silo ready party $1" "silo-$1.log" || true)"
        [ "$count" -lt "${starts[$1]}" ] || { echo "silo ready party $1 ($(since "$began") after the last start)"; return; }
        kill -0 "${silo[$1]}" 2>/dev/null || fail "the silo of party $1 ended instead of serving"
        sleep 0.1
    done
    fail "the silo of party $1 was not ready in a minute"
}
# A start that ends before it serves is not counted as one that has to say so.
ended() {
    local code=0
    # The shell would say that it was killed.
    wait "${silo[$1]}" 2>/dev/null || code=$?
    unset "silo[$1]"
    echo "the silo of party $1 ended with $code"
    [ "$code" -eq "$2" ] || fail "expected $2"
}
stop() { echo "\$ kill -TERM (party $1)"; kill -TERM "${silo[$1]}"; ended "$1" 0; }
lose() { echo "\$ kill -KILL (party $1)"; kill -KILL "${silo[$1]}"; ended "$1" 137; }
all_up() { local n; for n in 1 2 3; do start "$n"; done; for n in 1 2 3; do ready "$n"; done; }
# fetched TABLE VERIFIED: until a fetch is answered and is, or is not, verified.
fetched() {
    local answer="" try
    for try in $(seq 40); do
        answer="$("${clean[@]}" timeout 60 trident fetch client --table "$1" --row 17 --json "${database[@]}" 2>&1 || true)"
        if [[ "$answer" =~ \"verified\":\ *"$2" ]]; then
            echo "fetch from $1: \"verified\": $2 (try $try, $(since "$began") after the last start)"
            return
        fi
        sleep 0.3
    done
    fail "no fetch from $1 with \"verified\": $2; the last said: $answer"
}
new_database() {
    local n
    sql postgres "CREATE DATABASE trident"
    run trident sql apply --connection-file owner.connection
    for n in 1 2 3; do sql trident "CREATE ROLE party_$n LOGIN IN ROLE trident_silo"; done
    sql trident "CREATE ROLE client LOGIN IN ROLE trident_client"
}
# initdb: only loopback's programs reach it and it lives for minutes, so its logins need no passwords; check-database.sh checks those.
new_server() { (cd / && "${as[@]}" "$bin/initdb" --pgdata "$data/pg" --username trident_owner --auth trust >/dev/null); postgres start; }

step "vectors, settings and a database"
awk -v n="$rows" -v d="$dimension" 'BEGIN { srand(7); for (i = 0; i < n; i++) { printf "%c%c%c%c", d, 0, 0, 0; for (j = 0; j < d; j++) printf "%c", 1 + int(rand() * 127) } }' >base.bvecs
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >token
for user in trident_owner:owner party_1:party-1 party_2:party-2 party_3:party-3 client:client; do
    printf 'Host=127.0.0.1;Port=%s;Database=trident;Username=%s' "$port" "${user%:*}" >"${user#*:}.connection"
done
database=(--clustering postgres --connection-file client.connection)
new_server
new_database

step "three machines"
run trident init owner --hosts 127.0.0.1,127.0.0.1,127.0.0.1 --base-port "$base"
run trident share owner --table first --vectors base.bvecs
for n in 1 2 3; do
    mkdir "m$n"
    cp owner/parties.json "m$n/"
    cp -r owner/tables "m$n/"
    mv "owner/party-$n" "m$n/"
done
mkdir client
cp owner/parties.json client/
cp -r owner/tables client/

step "start, look"
all_up
fetched first true
run trident fetch client --table first --row 17 "${database[@]}"
run trident status client "${database[@]}" >status.txt
[ "$(grep -c ' up ' status.txt)" -ge 3 ] || { cat status.txt; fail "the status shows no three parties"; }
run trident sql status --connection-file owner.connection

step "read the metrics"
curl --silent --fail --show-error "http://127.0.0.1:$((base + 101))/health/ready"
echo
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$((base + 101))/api/status")" = 401 ] || fail "/api/status needs no token"
curl --silent --fail --header "Authorization: Bearer $(cat token)" "http://127.0.0.1:$((base + 101))/metrics" >metrics.txt
grep -E '^trident_(queries_total|peer_up|stock_items|tickets_used_total)' metrics.txt
[ "$(grep -cE '^trident_peer_up\{.*\} 1( |$)' metrics.txt)" = 2 ] || fail "party 1 does not see two peers up"
curl --silent --fail --header "Authorization: Bearer $(cat token)" "http://127.0.0.1:$((base + 101))/api/status" >/dev/null

step "upgrade, one silo at a time, under load"
# Rounds of a bench that compares every answer with base.bvecs, one after another until the last silo is back; each has to end with 0.
# The first is through before a silo is stopped.
load() {
    : >bench.txt
    while [ ! -e upgraded ]; do
        "${clean[@]}" trident bench client --table first --queries 1500 --concurrency 2 --verify base.bvecs --json bench.json "${database[@]}" >>bench.txt 2>&1 &
        echo "$!" >load.pid
        wait "$!" || return 1
        sed -n 's/.*"\(right\|wrong\|failed\)": *\([0-9]*\).*/\1 \2/p' bench.json >>load.txt
    done
}
echo "\$ trident bench client --table first --queries 1500 --concurrency 2 --verify base.bvecs ${database[*]} &     # again and again"
load &
load=$!
for _ in $(seq 600); do [ ! -e load.txt ] || break; sleep 0.2; done
[ -e load.txt ] || { cat bench.txt; fail "the load did not come to the end of a round"; }
for n in 1 2 3; do
    stop "$n"
    start "$n"
    ready "$n"
    fetched first true
    kill -0 "$load" 2>/dev/null || { cat bench.txt; fail "a query of the load failed, or was answered wrongly"; }
done
touch upgraded
wait "$load" || { cat bench.txt; fail "a query of the load failed, or was answered wrongly"; }
load=""
cat bench.txt
awk '{ sum[$1] += $2 } END { printf "the load: %d right, %d wrong, %d failed\n", sum["right"], sum["wrong"], sum["failed"]; exit !(sum["right"] >= 3000 && sum["wrong"] == 0 && sum["failed"] == 0) }' load.txt ||
    fail "the load was not all right"

step "add a table"
run trident share owner --table second --vectors base.bvecs --product beaver
for n in 1 2 3; do
    cp owner/tables/second.json "m$n/tables/"
    mv owner/"party-$n"/tables/second.* "m$n/party-$n/tables/"
done
cp owner/tables/second.json client/tables/
for n in 1 2 3; do
    stop "$n"
    start "$n"
    ready "$n"
    fetched first true
done
fetched second true

step "rotate party 2's identity"
run trident rotate m2 --party 2
for d in m1 m3 client owner; do cp m2/parties.json "$d/"; done
for n in 1 2 3; do stop "$n"; done
all_up
fetched first true
fetched second true
rm m2/party-2/identity.previous.json

step "lose a server that comes back"
lose 3
fetched first false
start 3
ready 3
fetched first true

step "lose a server for good"
lose 3
rm -rf m3
mkdir m3
cp client/parties.json m3/
run trident rotate m3 --party 3 && fail "an identity that is not there was rotated without --lost" || true
run trident rotate m3 --party 3 --lost
for d in m1 m2 client owner; do cp m3/parties.json "$d/"; done
run trident share owner --table first --vectors base.bvecs --replace
run trident share owner --table second --vectors base.bvecs --product beaver --replace
for n in 1 2; do stop "$n"; done
for n in 1 2 3; do
    rm -rf "m$n/tables" "m$n/party-$n/tables"
    cp -r owner/tables "m$n/"
    mv "owner/party-$n/tables" "m$n/party-$n/"
done
rm -rf client/tables
cp -r owner/tables client/
all_up
fetched first true
fetched second true

step "the database is away"
postgres --mode immediate stop
fetched first true
stop 1
start 1
ended 1 7
starts[1]=$((starts[1] - 1))
fetched first false
postgres start
start 1
ready 1
fetched first true

step "the database is lost for good"
postgres --mode immediate stop
for n in 1 2 3; do stop "$n"; done
rm -rf "$data/pg"
new_server
new_database
all_up
fetched first true
fetched second true
run trident sql status --connection-file owner.connection
for n in 1 2 3; do stop "$n"; done
finished=yes
