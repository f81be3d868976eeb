#!/bin/bash
# What is installed: where, which symbols, and whether its headers stand alone.
#   tree_test.sh INSTALL [--update]
set -uo pipefail

install=$1
here=$(dirname "$0")
scratch=${TEST_TMPDIR:-$(mktemp -d)}
tree=$scratch/dest/opt/weir
failed=0

# wrong WHAT: takes note, and prints the details that come on stdin, if any.
wrong() {
  failed=1
  echo "FAILED: $1"
  [[ -t 0 ]] || cat
}

symbols() {
  # Inline functions (W) that the compiler did not inline come and go.
  nm -D --defined-only "$tree/lib/libweir.so" | awk '$2 ~ /[TDBR]/ { print $3 }' | c++filt |
    LC_ALL=C sort
}

options_are_checked() {
  "$install" --help | grep -q -e --destdir || wrong "--help does not help" </dev/null
  local options
  for options in --prefx=/opt "--prefix=" "--prefix" "/opt"; do
    "$install" "$options" >"$scratch/out" 2>&1
    (($? == 2)) || wrong "$options is not refused with 2" <"$scratch/out"
  done
}

dry_run_prints_what_is_installed() {
  "$install" --prefix=/opt/weir --destdir="$scratch/dest" --dry-run >"$scratch/dry" </dev/null ||
    wrong "--dry-run" </dev/null
  [[ ! -e $scratch/dest ]] || wrong "--dry-run installs" </dev/null
  "$install" --prefix=/opt/weir --destdir="$scratch/dest" >"$scratch/printed" ||
    wrong "install fails" </dev/null
  cmp "$scratch/dry" "$scratch/printed" 2>&1 || wrong "--dry-run prints other files" </dev/null
  diff <(sed 's/ -> .*//' "$scratch/printed" | LC_ALL=C sort) \
    <(find "$scratch/dest" ! -type d | LC_ALL=C sort) >"$scratch/out" ||
    wrong "it installs other files than it prints" <"$scratch/out"
}

second_time_changes_nothing() {
  local before after
  before=$(cd "$tree" && find . -type f -exec cksum {} + && find . -printf '%p %m %l\n')
  "$install" --prefix=/opt/weir --destdir="$scratch/dest" >/dev/null
  after=$(cd "$tree" && find . -type f -exec cksum {} + && find . -printf '%p %m %l\n')
  [[ $before == "$after" ]] || wrong "installing twice is not the same as once" </dev/null
}

nothing_names_where_it_is() {
  grep -rIlE "$scratch|/opt/weir|@[A-Z]+@" "$tree" >"$scratch/out" &&
    wrong "files that would not survive being moved" <"$scratch/out"
}

library_has_its_version() {
  local version parts soname header=$tree/include/weir/stats/version.h
  version=$(sed -n 's/^#define WEIR_VERSION "\(.*\)"$/\1/p' "$header")
  parts=$(sed -n 's/^#define WEIR_VERSION_[A-Z]* \([0-9]*\)$/\1/p' "$header" | paste -sd.)
  [[ -n $version && $parts == "$version" ]] ||
    wrong "version.h contradicts itself: $parts, $version" </dev/null
  soname=libweir.so.${version%%.*}
  readelf -d "$tree/lib/libweir.so" >"$scratch/out"
  grep -q "SONAME.*\[$soname\]" "$scratch/out" || wrong "soname" <"$scratch/out"
  grep -q "NODELETE" "$scratch/out" || wrong "nodelete" <"$scratch/out"
  ! grep -q "TEXTREL" "$scratch/out" || wrong "the text is not shared" <"$scratch/out"
  ! grep -E 'NEEDED.*(absl|microhttpd)' "$scratch/out" || wrong "needed libraries" </dev/null
  [[ $(readlink "$tree/lib/libweir.so") == "$soname" &&
    $(readlink "$tree/lib/$soname") == "libweir.so.$version" ]] || wrong "links" </dev/null
  [[ $(PKG_CONFIG_PATH=$tree/lib/pkgconfig pkg-config --modversion weir) == "$version" ]] ||
    wrong "the version in weir.pc" </dev/null
  grep -q "^## $version" "$tree/share/doc/weir/CHANGELOG.md" ||
    wrong "the change log does not speak of $version" </dev/null
}

exports_are_those_intended() {
  symbols | diff "$here/exported_symbols.txt" - >"$scratch/out" ||
    wrong "exported symbols; if meant so: bazel run //tests/install:tree_test -- --update" \
      <"$scratch/out"
}

# Headers open to libweir.so's users what they are to use (GCC visibility), and weir.lds exports it.
headers_and_exports_agree() {
  readelf -sW "$tree/lib/libweir.a" |
    awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" { print $8 }' |
    c++filt | LC_ALL=C sort -u >"$scratch/open"
  [[ -s $scratch/open ]] || wrong "libweir.a has no symbols" </dev/null
  symbols | sed 's/@@.*//' | grep -v '^WEIR_' | LC_ALL=C sort -u | diff "$scratch/open" - \
    >"$scratch/out" || wrong "open to users (<) is not what is exported (>)" <"$scratch/out"
}

headers_stand_alone() {
  local header
  cd "$tree/include" || return
  while read -r header; do
    printf '#include <%s>\n#include <%s>\nextern int something;\n' "$header" "$header" >"$scratch/alone.cc"
    g++ -std=c++20 -Wall -Wextra -Werror -fsyntax-only -I. "$scratch/alone.cc" 2>"$scratch/out" ||
      wrong "$header alone, in C++20" <"$scratch/out"
    # What C can include has an extern "C"; or nothing but macros.
    if [[ $header == weir/stats/version.h ]] ||
      { [[ $header != weir/chain/inline.h ]] && grep -q 'extern "C"' "$header"; }; then
      gcc -x c -std=c11 -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I. \
        "$scratch/alone.cc" 2>"$scratch/out" || wrong "$header alone, in C11" <"$scratch/out"
    fi
    echo "#include <$header>" >>"$scratch/all.cc"
  done < <(find weir -name '*.h' ! -path '*/compat/*' | LC_ALL=C sort)
  cd - >/dev/null || return
}

# Every inline function of the headers, whether called or not, finds what it calls.
inline_functions_link() {
  grep -v weir/stats "$scratch/all.cc" >"$scratch/inline.cc"
  echo 'int main() {}' >>"$scratch/inline.cc"
  g++ -std=c++20 -O0 -fkeep-inline-functions -I"$tree/include" "$scratch/inline.cc" \
    -o "$scratch/inline" -L"$tree/lib" -lweir 2>"$scratch/out" ||
    wrong "inline functions need what libweir.so does not export" <"$scratch/out"
}

headers_are_of_weir_and_the_system() {
  # One header is there for those who have Boost.
  grep -rnE '#include.*(absl|boost|jemalloc|microhttpd)|absl::|boost::' "$tree/include" \
    --exclude=asio.h >"$scratch/out" && wrong "headers name libraries that users may not have" <"$scratch/out"
  local header
  for header in $(grep -oE '^\| `weir/[a-z/_]+\.h`' "$tree/share/doc/weir/README.md" | tr -d '|` '); do
    [[ -f $tree/include/$header ]] || wrong "the README names $header" </dev/null
  done
}

# What BSD's sources include comes from there, in the oldest C that they are written in too.
compat_headers_are_there() {
  printf '#include <sys/param.h>\n#include <sys/systm.h>\n#include <sys/mbuf.h>\nint f(m) struct mbuf *m; { return min(m->m_len, MLEN); }\n' \
    >"$scratch/bsd.c"
  local std
  for std in gnu89 c11; do
    gcc -std=$std -fsyntax-only -I"$tree/include" -I"$tree/include/weir/compat" "$scratch/bsd.c" \
      2>"$scratch/out" || wrong "compat headers, in $std" <"$scratch/out"
  done
}

manual_pages_are_sound() {
  mandoc -Tlint -Wwarning "$tree"/share/man/man*/* >"$scratch/out" 2>&1 ||
    wrong "manual pages" <"$scratch/out"
  local program
  for program in weir-server mbstat; do
    "$tree/bin/$program" --help | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -o -e '--.*' |
      tr -d -- - | grep -v '^help$' | sort >"$scratch/flags"
    [[ -s $scratch/flags ]] || wrong "$program --help names no flag" </dev/null
    sed -n 's/^\.It \(Fl [a-z] .*, \)\?Fl Fl \([a-z-]*\).*/\2/p' \
      "$tree/share/man/man1/$program.1" | tr -d -- - | grep -v '^help$' | sort |
      diff "$scratch/flags" - >"$scratch/out" ||
      wrong "flags of $program (<) and of its manual page (>)" <"$scratch/out"
  done
}

if [[ ${2:-} == --update ]]; then
  "$install" --prefix="$tree" >/dev/null || exit 1
  symbols >"$BUILD_WORKSPACE_DIRECTORY/tests/install/exported_symbols.txt"
  exit
fi
options_are_checked
dry_run_prints_what_is_installed
second_time_changes_nothing
nothing_names_where_it_is
library_has_its_version
exports_are_those_intended
headers_and_exports_agree
headers_stand_alone
inline_functions_link
headers_are_of_weir_and_the_system
compat_headers_are_there
manual_pages_are_sound
exit $failed
