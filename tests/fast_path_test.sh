#!/bin/bash
# Counts the instructions of the fast paths with callgrind, the same in each run, and compares
# them with tests/fast_path_golden.txt: one that costs more than two more is a failure. Fewer is
# not, but then the golden number should come down.
set -uo pipefail
readonly slack=2
golden=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

command -v valgrind >/dev/null || { echo "no valgrind: run bazel/setup test" >&2 && exit 1; }

failed=0
for program in "$@"; do
  face=inline
  [[ $program != *calls ]] || face=calls
  if ! valgrind --tool=callgrind --callgrind-out-file="$scratch/$face" "$program" \
    >"$scratch/works" 2>"$scratch/log"; then
    cat "$scratch/log" >&2
    exit 1
  fi
  read -r word compiler <"$scratch/works"
  [[ $word == compiler ]] || { echo "not optimized: nothing to count" && exit 0; }

  part=0
  overhead=0
  while read -r work times; do
    ((++part))
    total=$(awk '/^(summary|totals):/ { print $2; exit }' "$scratch/$face.$part")
    count=$(((total + times / 2) / times - overhead))
    if [[ $work == nothing ]]; then
      overhead=$count
      continue
    fi
    want=$(awk -v f="$face" -v c="$compiler" -v w="$work" \
      '$1 == f && $2 == c && $3 == w { print $4 }' "$golden")
    verdict=ok
    if ((count > ${want:-0} + slack)); then
      verdict="FAILED: more than ${want:-nothing, which is all that is written down,} + $slack"
      failed=1
    elif ((count < want - slack)); then
      verdict="ok: fewer than $want; lower it"
    fi
    printf '%-7s %-6s %-24s %4d  %s\n' "$face" "$compiler" "$work" "$count" "$verdict"
  done < <(tail -n +2 "$scratch/works")
done
exit "$failed"
