#!/usr/bin/env bash
# Builds everything, runs every test project, and ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
solution=Trident.Orleans.sln
passed=0
failed=0

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

if ! command -v dotnet >/dev/null; then
    echo "test.sh: 'dotnet' was not found. Install the .NET 10 SDK." >&2
    failed=1
    finish
fi

if [ ! -d ../shared ]; then
    echo "test.sh: ../shared is not there, so the tests that need its data (SIFT, known answers) are left out."
fi

# install PACKAGE...: where this is root on Debian; says why when it fails, and leaves it to the caller to look for what it needs.
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
    echo "test.sh: installing the Debian packages $* ..."
    local log apt=(apt-get -qq -y -o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10)
    log="$(mktemp)"
    once() { DEBIAN_FRONTEND=noninteractive "${apt[@]}" -o Dpkg::Options::=--force-confold install --no-install-recommends "$@" </dev/null >>"$log" 2>&1; }
    once "$@" || { timeout 120 "${apt[@]}" update >>"$log" 2>&1 && once "$@"; } || tail -5 "$log" >&2
    rm -f "$log"
}

# The tests of the clustering start a PostgreSQL of their own; only its programs are needed, no cluster of the system's.
postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
if ! postgres && [ "$(id -u)" = 0 ]; then
    # Debian makes and starts a server of the system's when the package is installed, unless it is told not to.
    conf=/etc/postgresql-common/createcluster.conf
    written=""
    if [ ! -e "$conf" ] && command -v apt-get >/dev/null; then
        mkdir -p "${conf%/*}"
        echo "create_main_cluster = false" >"$conf"
        written=yes
    fi
    install postgresql
    # Said for this installation alone.
    [ -z "$written" ] || rm -f "$conf"
fi
if ! postgres; then
    echo "test.sh: PostgreSQL is not installed, so the tests that need it (clustering over SQL) are left out."
fi

# The tests of the page and the dashboard look at them in a browser.
browser() { command -v chromium >/dev/null && command -v chromedriver >/dev/null; }
browser || install chromium chromium-driver fonts-dejavu-core
if ! browser; then
    echo "test.sh: chromium and chromedriver are not installed, so the tests in a browser are left out."
fi

if ! dotnet restore "$solution" -v quiet || ! dotnet build "$solution" -c Release --no-restore -v quiet; then
    echo "test.sh: the build failed." >&2
    failed=1
    finish
fi

results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT

# The value of a counter in a result file; 0 when it is not there.
counter() {
    local value
    value="$(grep -o '<Counters [^>]*' "$2" 2>/dev/null | head -1 | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+')"
    echo "${value:-0}"
}

for project in tests/*/*.csproj; do
    name="$(basename "$project" .csproj)"
    echo "== $name"
    dotnet test "$project" -c Release --no-build --logger "trx;LogFileName=$name.trx" --results-directory "$results" \
        --blame-hang --blame-hang-timeout 5m --blame-hang-dump-type none
    code=$?
    trx="$results/$name.trx"
    good="$(counter passed "$trx")"
    bad=0
    for kind in failed error timeout aborted; do
        bad=$((bad + $(counter "$kind" "$trx")))
    done
    # A test host that died leaves no failed test behind.
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "test.sh: $name ended with exit code $code and no failed test; counted as one." >&2
        bad=1
    fi
    # One that finds no test, or writes no result, ends well too.
    if [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
        echo "test.sh: no test of $name passed; counted as a failure." >&2
        bad=1
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done

finish
