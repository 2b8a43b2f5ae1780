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
trap 'rm -f "$report"' EXIT

if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    echo "reliability.sh: PostgreSQL is not installed; 'apt-get install postgresql' brings it." >&2
    exit 1
fi

dotnet build "$project" -c Release -v quiet --nologo
code=0
TRIDENT_RELIABILITY_KILLS="${1:-10}" TRIDENT_RELIABILITY_OUTAGE="${2:-60}" TRIDENT_RELIABILITY_REPORT="$report" \
    dotnet test "$project" -c Release --no-build --filter "FullyQualifiedName~ReliabilityTests" || code=$?
cat "$report"
exit "$code"
