#!/bin/bash
# Copies what //:install was built from to where it is to live. Needs nothing but this and coreutils.
set -euo pipefail

usage() {
  cat <<TEXT
usage: bazel run -c opt //:install -- [OPTION]...

Installs weir: headers, libweir.so and libweir.a, libweir-exporter.a, weir-server, mbstat, manual
pages, and what pkg-config, CMake and Bazel find them by. What is installed can be moved as a whole.

  --prefix=DIR    where to, /usr/local if not given
  --destdir=DIR   put in front of the prefix, to make a package
  --dry-run       only print what would be installed
  --help
TEXT
}

prefix=/usr/local
destdir=
dry_run=0
while (($#)); do
  case $1 in
    --prefix=* | --destdir=*) value=${1#*=} ;;
    --prefix | --destdir)
      (($# > 1)) || { echo "install: $1 needs a folder" >&2 && exit 2; }
      value=$2
      ;;
  esac
  case $1 in
    --help | -h) usage && exit ;;
    --dry-run) dry_run=1 ;;
    --prefix=* | --destdir=* | --prefix | --destdir)
      [[ -n $value || $1 == --destdir* ]] || { echo "install: $1 is empty" >&2 && exit 2; }
      # As the caller sees it, who is not where `bazel run` starts this.
      [[ -z $value || $value == /* ]] || value=${BUILD_WORKING_DIRECTORY:-$PWD}/$value
      case $1 in
        --prefix*) prefix=$value ;;
        *) destdir=$value ;;
      esac
      [[ $1 == *=* ]] || shift
      ;;
    *)
      echo "install: unknown option $1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done

# The tree that Bazel made of all that is named in BUILD.bazel.
tree=${RUNFILES_DIR:-$0.runfiles}/weir
[[ -d $tree ]] || tree=$PWD
here=$tree/bazel/packaging
root=$destdir$prefix

version=$(sed -n 's/^#define WEIR_VERSION "\(.*\)"$/\1/p' "$tree/stats/version.h")
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "install: version '$version'?" >&2 && exit 1; }
soname=libweir.so.${version%%.*}
[[ -f $here/$soname ]] || { echo "install: BUILD.bazel makes no $soname" >&2 && exit 1; }

# place FOLDER NAME MODE FILE, and link FOLDER NAME TARGET: in the root, printing what is placed.
place() {
  echo "$root/$1/$2"
  ((dry_run)) || install -D -m "$3" "$4" "$root/$1/$2"
}
link() {
  echo "$root/$1/$2 -> $3"
  ((dry_run)) || { mkdir -p "$root/$1" && ln -sfn "$3" "$root/$1/$2"; }
}
# fill FOLDER NAME: files/NAME with @VERSION@ and @SONAME@ filled in.
filled=$(mktemp)
trap 'rm -f "$filled"' EXIT
fill() {
  sed "s/@VERSION@/$version/g; s/@SONAME@/$soname/g" "$here/files/$2" >"$filled"
  place "$1" "$2" 644 "$filled"
}

# The public headers, and what they include of weir.
mapfile -t wanted <"$here/public_headers"
declare -A headers
while ((${#wanted[@]})); do
  header=${wanted[0]}
  wanted=("${wanted[@]:1}")
  [[ ! -v "headers[$header]" ]] || continue
  headers[$header]=1
  mapfile -t -O "${#wanted[@]}" wanted \
    < <(sed -n 's/^#include "weir\/\([^"]*\)".*/\1/p' "$tree/$header")
done
mapfile -t sorted < <(printf '%s\n' "${!headers[@]}" | LC_ALL=C sort)
for header in "${sorted[@]}"; do
  place "include/weir/$(dirname "$header")" "$(basename "$header")" 644 "$tree/$header"
done

for file in "$tree"/chain/compat/sys/*.h; do
  place include/weir/compat/sys "$(basename "$file")" 644 "$file"
done

place lib libweir.a 644 "$here/libweir.a"
place lib libweir-exporter.a 644 "$here/libweir-exporter.a"
place lib "libweir.so.$version" 755 "$here/$soname"
link lib "$soname" "libweir.so.$version"
link lib libweir.so "$soname"
place bin mbstat 755 "$tree/stats/mbstat"
place bin weir-server 755 "$tree/server/weir-server"

fill lib/pkgconfig weir.pc
fill lib/pkgconfig weir-exporter.pc
fill lib/cmake/weir weirConfig.cmake
fill lib/cmake/weir weirConfigVersion.cmake
fill share/man/man1 mbstat.1
fill share/man/man1 weir-server.1
fill share/man/man3 weir.3
place share/weir BUILD.bazel 644 "$here/files/weir.BUILD"
place share/weir weir.rules.yml 644 "$tree/stats/alerts/weir.rules.yml"
place share/weir grafana.json 644 "$tree/stats/grafana/weir.json"
place share/doc/weir operations.md 644 "$tree/docs/operations.md"
for file in CHANGELOG.md LICENSE README.md; do
  place share/doc/weir "$file" 644 "$tree/$file"
done
