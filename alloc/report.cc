// Who holds what, when a thread has waited too long. Allocates nothing: memory may be what is
// short.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "weir/alloc/held.h"
#include "weir/alloc/pools.h"
#include "weir/alloc/stack_depot.h"
#include "weir/alloc/zone.h"

namespace weir {
namespace {

// The thread's name, or "" if it has ended.
struct ThreadName {
  char text[32] = "";
  explicit ThreadName(int tid) {
    char path[48];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n > 0 && text[n - 1] == '\n') --n;
    text[n < 0 ? 0 : n] = '\0';
  }
};

// The threads that have allocated most objects of the zone that they have not freed.
struct Holders {
  static constexpr int kShown = 4;
  struct Holder {
    int64_t held = 0;
    int tid = 0;
  } top[kShown];

  void Add(int64_t held, int tid) {
    for (Holder& place : top) {
      if (held <= place.held) continue;
      const Holder next = place;
      place = {held, tid};
      held = next.held;
      tid = next.tid;
    }
  }
};

// The calls that allocated most of what is in use of the zone and recorded (alloc/held.h).
void ReportStacks(int zone, int pool) {
  constexpr int kCounted = 64, kShown = 3;
  struct Counted {
    uint32_t stack = 0;
    int64_t objects = 0;
  } counted[kCounted];
  g_held.ForEach([&](const HeldFigures& f) {
    if (static_cast<int>(f.zone) != zone || static_cast<int>(f.pool) != pool || f.stack == 0) return;
    // With more stacks than places, the first to come are those that are counted.
    for (Counted& c : counted) {
      if (c.stack != 0 && c.stack != f.stack) continue;
      c.stack = f.stack;
      c.objects += f.stands_for;
      return;
    }
  });
  std::partial_sort(counted, counted + kShown, counted + kCounted,
                    [](const Counted& a, const Counted& b) { return a.objects > b.objects; });
  for (int i = 0; i < kShown && counted[i].objects != 0; ++i) {
    fprintf(stderr, "weir:   about %ld of them were allocated by\n",
            static_cast<long>(counted[i].objects));
    StackAt(counted[i].stack)->Print(CurrentNameCall());
  }
}

uint64_t Allocs(const ThreadRecord& r, int tally) { return r.allocs.Read(tally); }
uint64_t Allocs(const SharedCounts& shared, int tally) { return shared.allocs[tally].Read(); }

// Of a thread's counts, or the shared ones.
template <typename Counts>
int64_t HeldBy(const Counts& counts, int zone) {
  uint64_t held = 0;
  ForEachTally(TalliesOf(zone), [&](int i) { held += Allocs(counts, i) - counts.frees[i].Read(); });
  return static_cast<int64_t>(held);
}

}  // namespace

void Zone::Report(int64_t waited_ns) const {
  Tallies sums;
  pools_.Sum(sums, kAllTallies);
  weir_zone_snapshot s = {};
  Fill(s, sums);
  fprintf(
      stderr,
      "weir: a thread has waited %ld ms for zone %s of set %s: limit %ld, in use %ld, cached %ld "
      "by threads, %ld in the depot, %ld in slabs; %ld threads wait\n",
      static_cast<long>(waited_ns / 1000000), weir_zone_name(id_), pools_.name,
      static_cast<long>(s.limit), static_cast<long>(s.in_use), static_cast<long>(s.cached_thread),
      static_cast<long>(s.cached_depot), static_cast<long>(s.cached_slab),
      static_cast<long>(s.waiting));
  Holders holders;
  pools_.records.ForEach([&](const ThreadRecord& r) {
    holders.Add(HeldBy(r, id_), r.tid.load(std::memory_order_relaxed));  // hint
  });
  for (const Holders::Holder& h : holders.top) {
    if (h.held == 0) break;
    if (h.tid > 0) {
      fprintf(stderr, "weir:   thread %d (%s) has allocated %ld more than it freed\n", h.tid,
              ThreadName(h.tid).text, static_cast<long>(h.held));
    } else {
      fprintf(stderr, "weir:   threads that ended had allocated %ld more than they freed\n",
              static_cast<long>(h.held));
    }
  }
  fprintf(stderr, "weir:   at the limit, %ld more were allocated than freed\n",
          static_cast<long>(HeldBy(pools_.shared, id_)));
  for (int t = 0; t < WEIR_NTYPES; ++t) {
    const int64_t n = InUseOfType(t, sums);
    const char* name = weir_type_name(t);
    if (n <= 0) continue;
    fprintf(stderr, "weir:   %ld mbufs of type %d%s%s are in use\n", static_cast<long>(n), t,
            name == nullptr ? "" : " ", name == nullptr ? "" : name);
  }
  ReportStacks(id_, pools_.number);
  fprintf(stderr, "weir:   drain handlers freed %lu objects in %lu broadcasts for this zone\n",
          drained_.Read(), drains_.Read());
}

}  // namespace weir
