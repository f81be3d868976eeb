#!/bin/bash
# Programs that were linked with the last release of libweir.so go on working with this one:
# compares the C face with what abidw said of it then. New functions are fine.
#   abi_test.sh INSTALL LIBRARY [--update]
set -uo pipefail

install=$1
library=$2
here=$(dirname "$0")
baseline=$here/c_face.abi
scratch=${TEST_TMPDIR:-$(mktemp -d)}
failed=0

# The public headers that C can include: other types are none of a program's business.
"$install" --prefix="$scratch/tree" >/dev/null || exit 1
mkdir "$scratch/c_headers"
while read -r header; do
  file=$scratch/tree/include/weir/$header
  ! grep -q 'extern "C"' "$file" || cp "$file" "$scratch/c_headers"
done <"$here/../../bazel/packaging/public_headers"

now=$scratch/now.abi
abidw --headers-dir "$scratch/c_headers" --drop-private-types --exported-interfaces-only \
  --no-show-locs --no-corpus-path --no-comp-dir-path --no-elf-needed "$library" >"$now" || exit 1

if [[ ${3:-} == --update ]]; then
  cp "$now" "$BUILD_WORKSPACE_DIRECTORY/tests/install/c_face.abi"
  exit
fi

# compatible BASELINE: exit bits 1 and 2 are errors of abidiff, 4 and 8 changes.
compatible() {
  abidiff --no-added-syms "$1" "$now" >"$scratch/report"
  local rc=$?
  ((rc & 3)) && cat "$scratch/report" && echo "abidiff failed: $rc" && exit 1
  ((rc == 0))
}

if ! compatible "$baseline"; then
  failed=1
  cat "$scratch/report"
  echo "FAILED: what linked with the last release does not work with this."
  echo "Take the change back, or give libweir.so another soname (bazel/packaging/BUILD.bazel, weir.lds)."
fi

# The controls: had the last release been another, this would have been noticed.
refuses() {
  if cmp -s "$scratch/other.abi" "$baseline"; then
    failed=1
    echo "FAILED: the control changes nothing: $1"
  elif compatible "$scratch/other.abi"; then
    failed=1
    echo "FAILED: not noticed: $1"
  elif ! grep -q "$2" "$scratch/report"; then
    failed=1
    cat "$scratch/report"
    echo "FAILED: not reported as '$2': $1"
  fi
}
sed "/<class-decl name='mbuf' size/,/name='m_len'/{
       /layout-offset-in-bits='192'/{N; /m_len/s/'192'/'160'/}}" "$baseline" >"$scratch/other.abi"
refuses "a member of struct mbuf has moved" "m_len.*offset changed from 160 to 192"
sed "s/<class-decl name='weir_snapshot' size-in-bits='/&1/" "$baseline" >"$scratch/other.abi"
refuses "a struct has another size" "type size changed"
sed "s/'m_adj'/'m_adjust'/g" "$baseline" >"$scratch/other.abi"
refuses "a function is gone" "m_adjust"

# A function that the last release did not have.
sed "/<elf-symbol name='m_adj'/d; /<function-decl name='m_adj'/,/<\/function-decl>/d" \
  "$baseline" >"$scratch/other.abi"
if ! compatible "$scratch/other.abi"; then
  failed=1
  cat "$scratch/report"
  echo "FAILED: a new function is taken for an incompatible change"
fi

((failed)) || echo "The C face is compatible with the last release's."
exit $failed
