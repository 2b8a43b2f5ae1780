#!/usr/bin/env bash
# What metrics and spans cost (docs/observability.md). Three deployments of three silos each: as they are, with metrics that a Prometheus
# scrapes each second, and with a collector that takes spans and metrics over OTLP. They are asked in turn, in short slices, so that what
# else happens on the machine meets all of them; who is not being asked is idle, and Prometheus stands still unless its silos are.
# Beside throughput and latency it takes the processor time of the three silos, which other work on the machine changes the least.
# Usage: bench/observability.sh VECTORS DIR [ROUNDS [QUERIES]]: 10 rounds of 2,000 queries a level unless told. DIR keeps each slice's
# JSON: another call adds rounds, and 0 rounds prints the table again. Needs a built solution, prometheus, jq, curl and python3.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
vectors="$(readlink -f "$1")" rounds="${3:-10}" queries="${4:-2000}"
mkdir -p "$2"
results="$(readlink -f "$2")"
work="$(mktemp -d)"
prometheus=127.0.0.1:24831 collector=24832
ways=(off metrics spans)
pids=() scraper="" asking=""
declare -A of=()
finish() {
    local pid
    [ -z "$scraper" ] || kill -CONT "$scraper" || true
    for pid in ${asking:+"$asking"} "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap finish EXIT
trident="$root/trident" silo=(dotnet "$root/src/Silo/bin/Release/net10.0/Trident.Silo.dll")

# A collector that reads what comes and keeps only its size: what it costs is not what is measured.
cat >"$work/collector.py" <<'PY'
import http.server, sys
class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        size = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        print(self.path, size, flush=True)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Collector).serve_forever()
PY

# start WAY BASEPORT: its silos.
start() {
    local party more
    "$trident" init "$work/$1" --base-port "$2" >/dev/null
    "$trident" share "$work/$1" --table t --vectors "$vectors" >/dev/null
    for party in 1 2 3; do
        more=()
        [ "$1" = metrics ] && more=(--Trident:Http:Port="$((24820 + party))")
        [ "$1" = spans ] && more=(--Trident:Http:Otlp="http://127.0.0.1:$collector" --Trident:Http:OtlpProtocol=http)
        "${silo[@]}" --deployment "$work/$1" --party "$party" "${more[@]}" >"$work/$1-$party.log" 2>&1 &
        pids+=($!)
        of[$1]+=" $!"
    done
    for party in 1 2 3; do
        for _ in $(seq 300); do
            ! grep -q "silo ready party $party" "$work/$1-$party.log" || continue 2
            sleep 0.2
        done
        cat "$work/$1-$party.log" >&2
        exit 1
    done
    settle "$1"
}

# settle WAY: until its stock grows no more. Making it takes both cores for a while, which are to be the next one's.
settle() {
    local before="" now=""
    for _ in $(seq 60); do
        now="$("$trident" status "$work/$1" --json | jq -c '[.parties[].status.tables[].stockItems]' || true)"
        [ "$now" != "$before" ] || [[ ! "$now" =~ ^\[[1-9][0-9]*,[1-9][0-9]*,[1-9][0-9]*\]$ ]] || return 0
        before="$now"
        sleep 1
    done
    echo "observability.sh: the stock is not full after two minutes: $now" >&2
    exit 1
}

# cpu WAY: milliseconds that its silos have used.
cpu() {
    local pid used=0 line
    for pid in ${of[$1]}; do
        read -r line <"/proc/$pid/stat"
        set -- ${line##*) }
        used=$((used + ${12} + ${13}))
    done
    echo "$((used * 1000 / $(getconf CLK_TCK)))"
}

# ask WAY SEED QUERIES WARMUP LEVELS: into run.json.
ask() {
    local before after
    [ "$1" != metrics ] || kill -CONT "$scraper"
    before="$(cpu "$1")"
    "$trident" bench "$work/$1" --table t --queries "$3" --concurrency "$5" --warm-up "$4" --seed "$2" --verify "$vectors" \
        --json "$work/bench.json" >"$work/bench.log" 2>&1 &
    # Waited for so that it ends with this script: alone it would go on asking silos that are gone.
    asking=$!
    wait "$asking" || { cat "$work/bench.log" >&2; exit 1; }
    asking=""
    settle "$1"
    after="$(cpu "$1")"
    # Those of the warm-up are queries, too.
    jq --argjson cpu "$((after - before))" --argjson more "$4" '. + {cpuMs: ($cpu / ($more + ([.runs[].queries] | add)))}' "$work/bench.json" >"$work/run.json"
    [ "$1" != metrics ] || kill -STOP "$scraper"
}

if [ "$rounds" -gt 0 ]; then
    python3 "$work/collector.py" "$collector" >"$work/collected" &
    pids+=($!)
    start off 24700
    start metrics 24740
    start spans 24780
    cat >"$work/prometheus.yml" <<END
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: trident
    static_configs:
      - targets: ["127.0.0.1:24821", "127.0.0.1:24822", "127.0.0.1:24823"]
END
    prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="$prometheus" >"$work/prometheus.log" 2>&1 &
    scraper=$!
    pids+=("$scraper")
    for way in "${ways[@]}"; do
        ask "$way" 1 100 5000 16
    done
fi
for round in $(seq "$rounds"); do
    number="$(date +%s)"
    # Each way comes first, in the middle and last.
    for turn in 0 1 2; do
        way="${ways[(round + turn) % 3]}"
        ask "$way" "$number" "$queries" 1000 16,1
        echo "round $round, $way: $(jq -c '[.runs[] | {concurrency, throughput, p50: .latencyMs.p50}]' "$work/run.json"), $(jq -c .cpuMs "$work/run.json") ms a query"
        mv "$work/run.json" "$results/$number-$way.json"
    done
done
if [ "$rounds" -gt 0 ]; then
    # That they were looked at, or it says nothing.
    kill -CONT "$scraper"
    curl --silent --get --data-urlencode 'query=sum(sum_over_time(up[2h]))' "http://$prometheus/api/v1/query" | jq -r '"good scrapes: " + .data.result[0].value[1]'
    awk '$1 == "/v1/traces" { n++; b += $2 } END { if (!n) exit 1; print "exports of spans: " n ", bytes: " b }' "$work/collected"
fi

# Of each round the ratio to the silos as they are; of the ratios the median, the least and the greatest.
rounds="$(find "$results" -name '*-off.json' | sort)"
for file in $rounds; do
    number="${file%-off.json}"
    [ -e "$number-metrics.json" ] && [ -e "$number-spans.json" ] || continue
    jq -n --slurpfile off "$file" --slurpfile metrics "$number-metrics.json" --slurpfile spans "$number-spans.json" \
        '[$off[0], $metrics[0], $spans[0]]'
done | jq -r -s '
    def middle: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
    def three: map(. * 1000 | round / 1000) | "\(middle) (\(min) to \(max))";
    . as $rounds
    | def column($way; f): [$rounds[][$way] | f];
    def ratio($way; f): [column($way; f), column(0; f)] | transpose | map(.[0] / .[1]) | three;
    def at($c; f): [.runs[] | select(.concurrency == $c)][0] | f;
    "rounds: \(length); wrong or failed: \([.[][].runs[] | .wrong + .failed] | add)",
    "| concurrency | silos | queries | answers a second | p50, ms | answers a second, ratio | p50, ratio |",
    (["off", "metrics", "spans"] | to_entries[] | .key as $way | (16, 1) as $c
        | "| \($c) | \(.value) | \(column($way; at($c; .queries)) | add) | \(column($way; at($c; .throughput)) | middle) | \(column($way; at($c; .latencyMs.p50)) | middle) | \(ratio($way; at($c; .throughput))) | \(ratio($way; at($c; .latencyMs.p50))) |"),
    (["off", "metrics", "spans"] | to_entries[] | .key as $way
        | "| \(.value) | \(column($way; .cpuMs) | middle) ms of processor a query | \(ratio($way; .cpuMs)) |")'
