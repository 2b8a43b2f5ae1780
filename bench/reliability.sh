#!/usr/bin/env bash
# The reliability tests at full length, with their figures: silos killed under load, and the database away under load
# (docs/reliability.md). Usage: bench/reliability.sh [KILLS [SECONDS]], 10 and 60 unless told. Needs Debian's postgresql.
# With TRIDENT_PUBLISHED=OUT/linux-x64 the silos are the published ones there, else those that the tests are built with.
set -euo pipefail
if [ -n "${TRIDENT_PUBLISHED:-}" ]; then
    export TRIDENT_PUBLISHED="$(readlink -f "$TRIDENT_PUBLISHED")"
    [ -x "$TRIDENT_PUBLISHED/trident-silo" ] || { echo "reliability.sh: TRIDENT_PUBLISHED names no directory with a trident-silo; './trident publish OUT' makes one." >&2; exit 1; }
fi
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
project=tests/System.Tests/Trident.System.Tests.csproj
report="$(mktemp)"
results="$(mktemp -d)"
trap 'rm -rf "$report" "$results"' EXIT

if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    echo "reliability.sh: PostgreSQL is not installed; 'apt-get install postgresql' brings it." >&2
    exit 1
fi

dotnet build "$project" -c Release -v quiet --nologo
code=0
TRIDENT_RELIABILITY_KILLS="${1:-10}" TRIDENT_RELIABILITY_OUTAGE="${2:-60}" TRIDENT_RELIABILITY_REPORT="$report" \
    dotnet test "$project" -c Release --no-build --filter "FullyQualifiedName~ReliabilityTests" \
    --logger "trx;LogFileName=reliability.trx" --results-directory "$results" || code=$?
cat "$report"
# A filter that finds no test ends well, too.
if ! grep -qE '<Counters [^>]* passed="[1-9]' "$results/reliability.trx" 2>/dev/null; then
    echo "reliability.sh: no test passed." >&2
    [ "$code" -ne 0 ] || code=1
fi
exit "$code"
