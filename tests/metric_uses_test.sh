#!/bin/bash
# What the alerting rules and the dashboard ask for is what a server serves, and is PromQL; and what
# is wrong in them is seen.
set -uo pipefail
check=$1
server=$2
rules=$3
dashboard=$4
command -v promtool >/dev/null || { echo "no promtool: run bazel/setup test" >&2 && exit 1; }
scratch=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

"$server" --port=0 --metrics-port=0 --threads=1 --max-memory=16mb >"$scratch/said" &
pid=$!
url=
while [[ -z $url ]]; do
  kill -0 "$pid" || exit 1
  sleep 0.05
  url=$(sed -n 's/^weir-server: page and metrics on //p' "$scratch/said")
done

failed=0
python3 "$check" "${url}metrics" "$rules" "$dashboard" || failed=1
python3 "$check" --expressions "$rules" "$dashboard" >"$scratch/all.yml" || failed=1
promtool check rules "$scratch/all.yml" || failed=1

# expect FILE SED TEXT: with that change, it says that.
expect() {
  local copy=$scratch/changed.${1##*.}
  sed "$2" "$1" >"$copy"
  python3 "$check" "${url}metrics" "$copy" >"$scratch/out" && echo "$2 is not seen" && failed=1
  grep -qF "$3" "$scratch/out" || { echo "$2: nothing says: $3" && cat "$scratch/out" && failed=1; }
}
expect "$rules" 's/weir_waiting/weir_waiters/' 'there is no metric weir_waiters'
expect "$rules" 's/zone!="any"/where!="any"/' 'weir_drains_total has no label where'
expect "$rules" 's/zone!="any"/zone="all"/' 'no weir_drains_total has zone="all"'
expect "$rules" 's/without (zone, state)/without (zone, place)/g' 'groups by place'
expect "$rules" 's/labels.zone /labels.zon /' 'prints zon'
expect "$dashboard" 's/by (where)/by (wher)/' 'groups by wher'
expect "$dashboard" 's/{{where}}/{{zone}}/' 'prints zone'
expect "$dashboard" 's/label_values(weir_in_use/label_values(weir_used/' 'no metric weir_used'
expect "$dashboard" 's/"x": 12/"x": 11/' 'lies on'
exit "$failed"
