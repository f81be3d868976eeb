#!/bin/bash
# Runs labels.py over the sources of the library and what is written about them; and over a file and
# a document that are wrong, which it must see.
set -u
check=$1
document=$2
sources=(stats/*.h stats/*.cc reclaim/*.{h,cc} alloc/*.{h,cc} chain/*.{h,cc})
python3 "$check" --check "$document" "${sources[@]}" || exit 1
wrong=$(mktemp) || exit 1
trap 'rm -f "$wrong"' EXIT
echo '// [Q1] acquire: pairs with [Q2]; else nothing.' > "$wrong"
if python3 "$check" "$wrong"; then
  echo "labels.py does not see a dangling label" >&2
  exit 1
fi
sed 's/publishes the slot/publishes nothing/' "$document" > "$wrong"
if python3 "$check" --check "$wrong" "${sources[@]}"; then
  echo "labels.py does not see that a document is stale" >&2
  exit 1
fi
