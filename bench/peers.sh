# shellcheck shell=bash disable=SC2034
# The peers of the benchmarks, and what has to be there for one that needs a package of its own;
# sourced. bazel/setup bench installs the packages.

peers=(limit limit-c weir weir-c glibc jemalloc mimalloc gperftools tbb dpdk cord evbuffer lwip)
# Those whose cost with more threads is of interest; see bench/carry.
scale_peers=(limit weir dpdk glibc jemalloc gperftools mimalloc)

declare -A needs=(
  [mimalloc]=mimalloc.h
  [gperftools]=gperftools/malloc_extension_c.h
  [tbb]=tbb/scalable_allocator.h
  [dpdk]=dpdk/rte_mbuf.h
  [evbuffer]=event2/buffer.h
  [lwip]=lwip/lwip/pbuf.h
)

# Of the peers named, prints those that can be built, and says on stderr which cannot.
peers_there_are() {
  local peer header
  for peer in "$@"; do
    header=${needs[$peer]:+/usr/include/${needs[$peer]}}
    if [[ -n $header && ! -e $header ]]; then
      echo "bench: $peer is left out, there is no $header (bazel/setup bench)" >&2
    else
      echo "$peer"
    fi
  done
}

# Bazel's options for benchmarks: optimized, apart from the test builds and the checkout's links.
bench_build=(-c opt --symlink_prefix=/)
