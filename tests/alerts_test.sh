#!/bin/bash
# The alerting rules load, fire when they must and only then, and each is tried both ways and has a
# heading in docs/operations.md.
set -uo pipefail
rules=$1
cases=$2
operations=$3
command -v promtool >/dev/null || { echo "no promtool: run bazel/setup test" >&2 && exit 1; }
failed=0
promtool check rules "$rules" || failed=1
promtool test rules "$cases" || failed=1

mapfile -t alerts < <(sed -n 's/^ *- alert: //p' "$rules")
((${#alerts[@]})) || { echo "$rules has no alert" >&2 && exit 1; }
for alert in "${alerts[@]}"; do
  # The lines behind "alertname: X" of each case.
  tried=$(grep -A1 "alertname: $alert\$" "$cases" | grep -c 'exp_alerts: \[\]$')
  fired=$(grep -A1 "alertname: $alert\$" "$cases" | grep -c 'exp_alerts:$')
  ((tried && fired)) || {
    echo "$alert: $fired cases in which it fires, $tried in which it does not; neither may be 0"
    failed=1
  }
  grep -qx "### $alert" "$operations" || {
    echo "$alert: no heading ### $alert in $operations"
    failed=1
  }
  grep -q "runbook_url: $operations#${alert,,}\$" "$rules" || {
    echo "$alert: its runbook_url is not $operations#${alert,,}"
    failed=1
  }
done
exit "$failed"
