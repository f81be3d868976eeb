#!/bin/bash
# Memcheck finds what is done to mbufs and clusters, with where they were allocated; and nothing in
# a program that is in order.
set -uo pipefail
program=$1
command -v valgrind >/dev/null || { echo "no valgrind: run bazel/setup" >&2 && exit 1; }
failed=0

# expect WORK STATUS REGEX...: what Memcheck says of it.
expect() {
  local work=$1 status=$2 log regex
  shift 2
  log=$(valgrind --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
    "$program" "$work" 2>&1)
  local got=$?
  ((got == status)) || { echo "$work: exit status $got, not $status" && failed=1; }
  for regex in "$@"; do
    grep -Eq -- "$regex" <<<"$log" || { echo "$work: nothing says: $regex" && failed=1; }
  done
  ((failed == 0)) || printf '%s\n' "$log"
}

expect clean 0 'ERROR SUMMARY: 0 errors'
expect overrun 9 'Invalid write of size 1' 'is 0 bytes after a block of size 2,112 alloc' 'by 0x[0-9A-F]+: .*Overrun'
expect underrun 9 'Invalid write of size 1' 'is 63 bytes inside a block of size 2,112 alloc'
expect use-after-free 9 'Invalid write of size 1' "is 40 bytes inside a block of size 256 free'd" 'by 0x[0-9A-F]+: .*UseAfterFree'
expect leak 9 '9,280 indirect.* bytes in 1 blocks are definitely lost'
expect uninitialised 9 'Conditional jump or move depends on uninitialised'
exit "$failed"
