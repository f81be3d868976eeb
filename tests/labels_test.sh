#!/bin/bash
# Runs labels.py over the sources of the library; and over a file that is wrong, which it must see.
set -u
check=$1
python3 "$check" stats/*.h stats/*.cc reclaim/*.{h,cc} alloc/*.{h,cc} chain/*.{h,cc} || exit 1
wrong=$(mktemp) || exit 1
trap 'rm -f "$wrong"' EXIT
echo '// [Q1] acquire: pairs with [Q2]; else nothing.' > "$wrong"
if python3 "$check" "$wrong"; then
  echo "labels.py does not see a dangling label" >&2
  exit 1
fi
