#!/usr/bin/env bash
# deploy/check-dashboard.sh TRIDENT: three silos under load, a Prometheus of its own that scrapes them by deploy/prometheus/prometheus.yml
# (with addresses and secrets of this machine), and every expression of deploy/grafana/trident.json asked of it. Each must have an
# answer with a number for all three parties. Needs prometheus, promtool, jq and curl; ports 24600 to 24664 of loopback.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
trident="$(readlink -f "$1")"
work="$(mktemp -d)"
base=24600 http=24651 prometheus=127.0.0.1:24664
pids=()
finish() {
    local code=$? pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
fail() { echo "check-dashboard: $*" >&2; exit 1; }

# ask EXPRESSION: Prometheus' answer as of now.
ask() { curl --silent --show-error --max-time 10 --get --data-urlencode "query=$1" "http://$prometheus/api/v1/query"; }

# until_so WHAT COMMAND...: asks four times a second, for two minutes at most, while all that was started lives.
until_so() {
    local what="$1" pid
    shift
    for _ in $(seq 480); do
        ! "$@" || return 0
        for pid in "${pids[@]}"; do
            kill -0 "$pid" 2>/dev/null || { tail -n 20 "$work"/*.log >&2; fail "waiting until $what, a program ended"; }
        done
        sleep 0.25
    done
    tail -n 20 "$work"/*.log >&2
    fail "it did not come to be in two minutes that $what"
}

config="$root/deploy/prometheus/prometheus.yml"
promtool check config --syntax-only "$config" >/dev/null || fail "promtool refuses $config"

awk 'BEGIN { srand(7); for (i = 0; i < 500; i++) { printf "%c%c%c%c", 8, 0, 0, 0; for (j = 0; j < 8; j++) printf "%c", 1 + int(rand() * 127) } }' >"$work/base.bvecs"
"$trident" init "$work/d" --base-port "$base" >/dev/null
"$trident" share "$work/d" --table t --vectors "$work/base.bvecs" >/dev/null
"$trident" up "$work/d" --http-base-port "$http" >"$work/up.log" 2>&1 &
pids+=($!)
until_so "the silos serve" grep -qx ready "$work/up.log"

# The file as it is shipped, but for where the silos and their tokens are, and scraped more often.
token="$(sed -n 's/^token: //p' "$work/up.log")"
[ -n "$token" ] || fail "'up' printed no token"
edits=(-e 's/scrape_interval: .*/scrape_interval: 1s/' -e 's/scrape_timeout: .*/scrape_timeout: 1s/')
for party in 1 2 3; do
    printf %s "$token" >"$work/token-$party"
    edits+=(-e "s|/run/secrets/party-$party-http-token|$work/token-$party|" -e "s|party-$party:8080|127.0.0.1:$((http + party - 1))|")
done
sed "${edits[@]}" "$config" >"$work/prometheus.yml"
promtool check config "$work/prometheus.yml" >/dev/null || fail "promtool refuses the file with this machine's addresses"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="$prometheus" >"$work/prometheus.log" 2>&1 &
pids+=($!)
up() { ask 'count(up{job="trident"} == 1) == 3' 2>/dev/null | jq -e '.data.result | length == 1' >/dev/null; }
until_so "Prometheus has scraped all three silos" up

# What the silos say of themselves is well formed and named as Prometheus would have it. Of Orleans' own metrics nothing is asked.
for party in 1 2 3; do
    curl --silent --fail --header "Authorization: Bearer $token" "http://127.0.0.1:$((http + party - 1))/metrics" >"$work/metrics"
    grep -E '^(# [A-Z]+ )?trident_' "$work/metrics" >"$work/own" || fail "party $party has no metrics"
    promtool check metrics <"$work/own" || fail "promtool finds fault with party $party's metrics"
done

# Load, and what happens to no party by itself: something that is no frame comes to its exchange port.
"$trident" bench "$work/d" --table t --queries 100000000 --concurrency 4 >"$work/bench.log" 2>&1 &
pids+=($!)
refused() {
    local party
    for party in 1 2 3; do
        { head -c 200 /dev/zero >"/dev/tcp/127.0.0.1/$((base + 10 * party + 2))"; } 2>/dev/null || true
    done
    # Twice seen at every party, and every party has answered under the load for some scrapes.
    ask 'count(count_over_time(trident_frames_refused_total[1m]) >= 2) == 3 and count(changes(trident_queries_total{outcome="answered"}[1m]) >= 4) == 3' |
        jq -e '.data.result | length == 1' >/dev/null
}
until_so "Prometheus has scraped refused frames and queries of all three" refused

# Variables of the dashboard: its source is the Prometheus that is asked.
bad=0 count=0
while IFS= read -r row; do
    title="$(jq -r .title <<<"$row")"
    expression="$(jq -r .expr <<<"$row")"
    count=$((count + 1))
    case "$expression" in *'$'*) echo "check-dashboard: '$title' has a variable that this does not know: $expression" >&2; bad=1; continue ;; esac
    ask "$expression" >"$work/answer.json"
    if ! jq -e '.status == "success"
            and ([.data.result[].metric.trident_party] | unique) == ["1", "2", "3"]
            and all(.data.result[].value[1]; tonumber | isnormal or . == 0)' "$work/answer.json" >/dev/null; then
        { echo "check-dashboard: '$title' has not a number for each party: $expression"; jq -c . "$work/answer.json"; } >&2
        bad=1
    else
        echo "$title: $(jq '.data.result | length' "$work/answer.json") series"
    fi
done < <(jq -c '[.. | objects | select(has("targets"))] | .[] | .title as $title | .targets[] | {title: $title, expr}' "$root/deploy/grafana/trident.json")
[ "$count" -gt 0 ] || fail "the dashboard asks for nothing"
[ "$bad" = 0 ] || fail "not every panel has what it shows"
echo "$count expressions, each with a number for every party"
