// Options, for C11 and C++20: what weir_init takes and the WEIR_* environment sets.
#ifndef WEIR_ALLOC_OPTIONS_H_
#define WEIR_ALLOC_OPTIONS_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A field that is 0 takes its default; the environment variable of the same name in capitals with
// WEIR_ in front (WEIR_NMBCLUSTERS=...) overrides both. Limits are in objects.
struct weir_options {
  int64_t nmbufs;            // mbufs
  int64_t nmbclusters;       // 2 KiB clusters
  int64_t nmbjumbop;         // 4 KiB jumbo clusters
  int64_t nmbjumbo9;         // 9 KiB
  int64_t nmbjumbo16;        // 16 KiB
  int64_t mblowat;           // mbufs to carve at start and keep
  int64_t mcllowat;          // clusters to carve at start and keep
  int64_t wait_limit_ms;     // how long M_WAIT waits; default: without end
  int64_t wait_report_ms;    // after so long a wait, a report of who holds what; default 10000
  int64_t warn_interval_s;   // least seconds between two warnings or reports of a zone; default 60
  int64_t trim_interval_ms;  // > 0: a thread of weir's own calls weir_trim_idle so often, for all
                             // sets; the default set's only
  int64_t watermark_interval_ms;  // how often weir looks whether watermarks are reached; default
                                  // 100; the default set's only
  const char* slab_source;  // where memory comes from: "jemalloc" (default; "mmap" if malloc is
                            // not jemalloc), "mmap", or "malloc": below
  // 1: slabs lie in huge pages, which come from the kernel whatever slab_source says. Where none
  // are reserved (vm.nr_hugepages), transparent ones are asked for, and where these are off, it is
  // as with 0; a line on stderr says so.
  int64_t hugepages;
  // All 2 KiB clusters lie in one range of addresses, found with weir_region, of this many bytes,
  // rounded up to 2 MiB (and 2 MiB that are never used up); 0: anywhere. nmbclusters must fit; its
  // default does. The default set's only.
  int64_t region_bytes;

  // One in so many allocations is recorded with its stack, for the report of who holds what
  // (weir/chain/holders.h); 1: each, -1: none; default 4096. For all sets; the default set's only.
  int64_t holders_one_in;

  // For finding bugs. With any of these the fast paths are off, and all else holds: limits,
  // waiting, counts.
  //
  // slab_source "malloc": each mbuf and cluster is an allocation of malloc's own, so that tools
  // which watch malloc (Memcheck, AddressSanitizer, heap profilers) see each. The default under
  // Memcheck.
  int64_t quarantine;  // so many freed objects of each zone are not used again for a while; one
                       // that is written to meanwhile aborts with a message
  int64_t guard_one_in;  // one in so many clusters lies between pages that must not be touched; see
                         // alloc/guard.h
};

#ifdef __cplusplus
}  // extern "C"

namespace weir {

// Fills defaults in and, unless told otherwise, applies the environment. nullptr, or a message in a
// buffer of this thread that names the option, its value and the range.
const char* ResolveOptions(weir_options& options, bool environment = true);

// Whether slab_source, of resolved options, is malloc.
bool OneByOne(const weir_options& options);

// The highest limit that a zone can have under resolved options.
int64_t MostObjects(int zone, const weir_options& options);

}  // namespace weir
#endif

#endif  // WEIR_ALLOC_OPTIONS_H_
