#include "weir/alloc/guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "weir/alloc/hooks.h"
#include "weir/alloc/layout.h"
#include "weir/alloc/metadata.h"
#include "weir/alloc/random.h"
#include "weir/alloc/stack.h"
#include "weir/reclaim/futex.h"
#include "weir/stats/atomic.h"
#include "weir/stats/break.h"

namespace weir {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kDataBytes = kObjectBytes[WEIR_ZONE_JUMBO_16K];  // the largest
static_assert(kDataBytes % kPage == 0);
constexpr size_t kPlaceBytes = kDataBytes + kPage;

// Who did something to a cluster.
struct Deed {
  int thread = 0;
  Stack stack;
  void Note() {
    thread = gettid();
    stack.Take();
  }
};

struct Place {
  Atomic<uint32_t> taken{0};
  GuardedFor stands_for{};
  char* cluster = nullptr;
  size_t bytes = 0;
  bool live = false;
  Deed allocated, freed;
};

char* base = nullptr;  // the page before the first place
Place* places = nullptr;
constinit Atomic<uint64_t> next{0};
struct sigaction before;  // what SIGSEGV did

// Where a place begins, and the first page of the cluster in it.
char* DataOf(const Place& p) {
  return base + kPage + (&p - places) * static_cast<ptrdiff_t>(kPlaceBytes);
}
char* PagesOf(const Place& p) {
  return p.cluster - (p.cluster - DataOf(p)) % static_cast<ptrdiff_t>(kPage);
}
size_t PageBytes(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

// The place that p lies in, with the page behind it; nullptr if none.
Place* PlaceAt(const void* p) {
  const char* at = static_cast<const char*>(p);
  if (base == nullptr || at < base + kPage || at >= base + kPage + kGuardPlaces * kPlaceBytes) {
    return nullptr;
  }
  return &places[static_cast<size_t>(at - base - kPage) / kPlaceBytes];
}

ptrdiff_t Distance(const char* at, const Place& p) {
  if (p.cluster == nullptr) return PTRDIFF_MAX;
  return at < p.cluster ? p.cluster - at
                        : std::max<ptrdiff_t>(0, at - p.cluster - static_cast<ptrdiff_t>(p.bytes));
}

// The one whose cluster is nearest to p, which nobody may touch; nullptr if none.
const Place* PlaceNear(const void* p) {
  const char* at = static_cast<const char*>(p);
  const Place* below = PlaceAt(at);
  const Place* above = PlaceAt(at + kPage);
  if (below == nullptr || above == nullptr) return below == nullptr ? above : below;
  return Distance(at, *below) <= Distance(at, *above) ? below : above;
}

void PrintDeed(const char* what, const Deed& deed) {
  fprintf(stderr, "weir: it was %s by thread %d:\n", what, deed.thread);
  deed.stack.Print();
}

// What is known of an address that nobody may touch.
void Report(const void* at, const Place& place) {
  const ptrdiff_t from_start = static_cast<const char*>(at) - place.cluster;
  const ptrdiff_t size = static_cast<ptrdiff_t>(place.bytes);
  char where[64];
  if (from_start < 0) {
    snprintf(where, sizeof where, "%td bytes before", -from_start);
  } else if (from_start < size) {
    snprintf(where, sizeof where, "byte %td of", from_start);
  } else {
    snprintf(where, sizeof where, "%td bytes past the end of", from_start - size);
  }
  fprintf(stderr, "weir: zone %s: access to %p, %s the %s cluster %p\n",
          weir_zone_name(place.stands_for.zone), at, where, place.live ? "live" : "free",
          static_cast<void*>(place.cluster));
  PrintDeed("allocated", place.allocated);
  if (!place.live) PrintDeed("freed", place.freed);
}

void OnFault(int, siginfo_t* info, void*) {
  const Place* place = PlaceNear(info->si_addr);
  if (place != nullptr && place->cluster != nullptr) Report(info->si_addr, *place);
  // The instruction is run again, and then it is as it would have been without us.
  sigaction(SIGSEGV, &before, nullptr);
}

// Calls visit(from, to) for the bytes of its pages that are not the cluster's.
template <typename Visit>
void ForPad(const Place& p, Visit visit) {
  char* pages = PagesOf(p);
  char* end = pages + PageBytes(p.bytes);
  if (pages < p.cluster) visit(pages, p.cluster);
  if (p.cluster + p.bytes < end) visit(p.cluster + p.bytes, end);
}

constexpr unsigned char kPad = 0xbd;

void CheckPad(const Place& p) {
  ForPad(p, [&](const char* from, const char* to) {
    for (const char* at = from; at < to; ++at) {
      if (static_cast<unsigned char>(*at) == kPad) continue;
      fprintf(stderr, "weir: zone %s: someone wrote outside of a cluster:\n",
              weir_zone_name(p.stands_for.zone));
      Report(at, p);
      abort();
    }
  });
}

uint64_t Random() {
  static __thread uint64_t state = 0;
  if (state == 0)
    state = static_cast<uint64_t>(MonotonicNs()) << 20 | static_cast<uint64_t>(gettid());
  return NextRandom(state);
}

}  // namespace

bool OpenGuard() {
  if (base != nullptr) return true;
  places = static_cast<Place*>(MetadataAlloc(kGuardPlaces * sizeof(Place)));
  if (places == nullptr) return false;
  for (uint32_t i = 0; i < kGuardPlaces; ++i) new (&places[i]) Place;
  void* p = mmap(nullptr, kPage + kGuardPlaces * kPlaceBytes, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return false;
  base = static_cast<char*>(p);
  Stack().Take();  // what the first one makes is made now
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, &before);
  return true;
}

bool ChooseGuarded(int64_t one_in) {
  return one_in != 0 && Random() % static_cast<uint64_t>(one_in) == 0;
}

void* PlaceGuarded(const GuardedFor& stands_for) {
  if (base == nullptr) return nullptr;
  constexpr int kTries = 4;
  for (int i = 0; i < kTries; ++i) {
    Place& p = places[next.fetch_add(1, std::memory_order_relaxed) % kGuardPlaces];  // counter
    // [N1] acquire: pairs with [N2], the place is as its last cluster left it.
    if (Broken(kBreakGuardPlace)) {
      if (p.taken.load(std::memory_order_acquire) != 0) continue;  // [N1]
      p.taken.store(1, std::memory_order_relaxed);                 // hint
    } else if (p.taken.exchange(1, std::memory_order_acquire) != 0) {
      continue;
    }
    p.stands_for = stands_for;
    p.bytes = kObjectBytes[stands_for.zone];
    p.cluster = DataOf(p) + (Random() % 2 == 0 ? 0 : kDataBytes - p.bytes);
    if (mprotect(PagesOf(p), PageBytes(p.bytes), PROT_READ | PROT_WRITE) != 0) {
      p.cluster = nullptr;
      p.taken.store(0, std::memory_order_release);  // [N2]
      return nullptr;
    }
    ForPad(p, [](char* from, char* to) { memset(from, kPad, static_cast<size_t>(to - from)); });
    p.live = true;
    p.allocated.Note();
    return p.cluster;
  }
  return nullptr;
}

GuardedFor LeaveGuarded(void* at) {
  Place& p = *PlaceAt(at);
  CheckPad(p);
  p.freed.Note();
  p.live = false;
  const GuardedFor stands_for = p.stands_for;
  madvise(PagesOf(p), PageBytes(p.bytes), MADV_DONTNEED);
  mprotect(PagesOf(p), PageBytes(p.bytes), PROT_NONE);
  p.taken.store(0, std::memory_order_release);  // [N2] release: pairs with [N1]
  return stands_for;
}

int ZoneOfGuarded(const void* p) { return PlaceAt(p)->stands_for.zone; }

}  // namespace weir
