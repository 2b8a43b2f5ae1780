#!/bin/bash
# Asks the silo in this container whether it lives; exit code 0 says yes. The image has no HTTP client, and bash is one for this.
# Live, not ready: a party whose peers are away is well, and starting it again would not bring them back.
set -euo pipefail
token=""
[ -z "${Trident__Http__TokenFile:-}" ] || token="Authorization: Bearer $(<"$Trident__Http__TokenFile")"$'\r\n'
exec 3<>"/dev/tcp/127.0.0.1/${Trident__Http__Port:-8080}"
printf 'GET /health/live HTTP/1.0\r\nHost: localhost\r\n%s\r\n' "$token" >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ]
