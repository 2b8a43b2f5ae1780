#!/bin/bash
# Asks the silo in this container whether it lives; exit code 0 says yes. The image has no HTTP client, and bash is one for this.
# Live, not ready: a party whose peers are away is well, and starting it again would not bring them back.
set -euo pipefail
secret="${Trident__Http__Token:-}"
[ -z "${Trident__Http__TokenFile:-}" ] || secret="$(<"$Trident__Http__TokenFile")"
token=""
[ -z "$secret" ] || token="Authorization: Bearer $secret"$'\r\n'
# Where the silo listens; where that is every address, also on this one.
case "${Trident__Http__Listen:-}" in
"" | 0.0.0.0 | "*") host=127.0.0.1 ;;
:: | "[::]") host=::1 ;;
*) host="$Trident__Http__Listen" ;;
esac
exec 3<>"/dev/tcp/$host/${Trident__Http__Port:-8080}"
printf 'GET /health/live HTTP/1.0\r\nHost: localhost\r\n%s\r\n' "$token" >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
