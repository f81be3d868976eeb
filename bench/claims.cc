// What weir claims and speed does not show: nothing free is out of reach, no wake-up is lost,
// caches of sleeping threads come back at once, memory goes back to the operating system.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "bench/claims.h"
#include "bench/exhaustion.h"
#include "bench/sleepers.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/weir.h"

namespace {

using weir_bench::Check;
using weir_bench::Claim;
using weir_bench::quick;
using weir_bench::Sleepers;

constexpr char kUsage[] =
    R"(usage: claims [--quick] [exhaustion | waits | recall | trim]...

exhaustion   2, 8, 64, 120 and 1,000 threads fill their caches and sleep in read(2); then one thread
             allocates up to the limit without waiting. For every zone, 1,000 times.
waits        a million waits at the limit, which only frees by other threads end; no time limit.
recall       how long the allocation takes that finds everything in the caches of 1,000 threads that
             sleep.
trim         200,000 packets, freed by four threads in random order, then half of them: what one
             weir_trim gives back.

All of them if none is named. --quick: much less of each, to see that they run.
Exit status: 0 if every claim holds, 1 if not, 2 for a wrong argument.
)";

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct weir_snapshot Snapshot() {
  struct weir_snapshot s;
  weir_snapshot(&s);
  return s;
}

void Free(std::vector<mbuf*>& held_mbufs) {
  for (mbuf* m : held_mbufs) m_freem(m);
  held_mbufs.clear();
}

// What limits objects of the zone.
int LimitOf(int zone) { return zone == WEIR_ZONE_PACKET ? int{WEIR_ZONE_CLUSTER} : zone; }

void SetLimit(int zone, long limit) {
  weir_trim();
  if (int error = weir_set_limit(LimitOf(zone), limit); error != 0) {
    fprintf(stderr, "claims: weir_set_limit(%s, %ld): %s\n", weir_zone_name(zone), limit,
            strerror(error));
    exit(1);
  }
}

// A zone as exhaustion.h describes it.
class Zone {
 public:
  static constexpr int kThreads[] = {2, 8, 64, 120, 1000};
  explicit Zone(int zone) : zone_(zone) {}
  const char* Name() const { return weir_zone_name(zone_); }
  int Each() const {
    return zone_ >= WEIR_ZONE_JUMBO_PAGE && zone_ <= WEIR_ZONE_JUMBO_16K ? 16 : 64;
  }
  void SetLimit(long limit) { ::SetLimit(zone_, limit); }
  // Of the zone, or more where it comes with others.
  mbuf* Get() const {
    switch (zone_) {
      case WEIR_ZONE_MBUF:
        return m_get(M_DONTWAIT, MT_DATA);
      case WEIR_ZONE_PACKET:
        return m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
      case WEIR_ZONE_CLUSTER: {
        mbuf* m = m_get(M_DONTWAIT, MT_DATA);
        if (m == nullptr || m_clget(m, M_DONTWAIT) == 0) return m;
        m_free(m);
        return nullptr;
      }
      default:
        return m_getjcl(M_DONTWAIT, MT_DATA, 0,
                        zone_ == WEIR_ZONE_JUMBO_PAGE ? MJUMPAGESIZE
                        : zone_ == WEIR_ZONE_JUMBO_9K ? MJUM9BYTES
                                                      : MJUM16BYTES);
    }
  }
  void Free(mbuf* m) const { m_freem(m); }
  int64_t Cached() const { return Snapshot().zones[zone_].cached_thread; }

 private:
  int zone_;
};

void Exhaustion() {
  std::vector<Zone> zones;
  for (int zone = 0; zone < WEIR_NZONES; ++zone) zones.emplace_back(zone);
  weir_bench::Exhaustion(std::span(zones));
}

void Waits() {
  const uint64_t want = quick ? 1000 : 1000000;
  constexpr int kThreads = 8;
  constexpr long kLimit = 3;
  SetLimit(WEIR_ZONE_CLUSTER, kLimit);
  const struct weir_snapshot before = Snapshot();
  std::atomic<bool> stop{false};
  std::vector<int64_t> times[kThreads];
  std::vector<std::thread> threads;
  const int64_t begun = Now();
  for (std::vector<int64_t>& mine : times) {
    threads.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        const int64_t from = Now();
        mbuf* m = m_getcl(M_WAIT, MT_DATA, 0);
        mine.push_back(Now() - from);
        std::this_thread::yield();  // with the cluster, so that others must wait
        m_freem(m);
      }
    });
  }
  uint64_t waits = 0, last = 0;
  for (int64_t seen = begun; waits < want;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    waits = Snapshot().zones[WEIR_ZONE_CLUSTER].waits - before.zones[WEIR_ZONE_CLUSTER].waits;
    if (waits != last) seen = Now();
    last = waits;
    if (Now() - seen > 10'000'000'000) {
      Check(false, "no wake-up is lost: nobody has gone on for 10 s");
      fflush(stdout);
      _exit(1);
    }
  }
  stop.store(true);
  for (std::thread& t : threads) t.join();
  const struct weir_zone_snapshot z = Snapshot().zones[WEIR_ZONE_CLUSTER];
  std::vector<int64_t> all;
  for (const std::vector<int64_t>& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return static_cast<double>(
               all[static_cast<size_t>(part * static_cast<double>(all.size() - 1))]) /
           1000;
  };
  printf(
      "%lu waits of %zu allocations by %d threads for %ld clusters in %.1f s, all ended by a "
      "free\n",
      waits, all.size(), kThreads, kLimit, static_cast<double>(Now() - begun) / 1e9);
  printf("allocation, us: median %.1f, 90 %% %.1f, 99 %% %.1f, 99.9 %% %.1f, most %.1f\n", at(0.5),
         at(0.9), at(0.99), at(0.999), at(1));
  for (int i = 0; i < WEIR_WAIT_BUCKETS; ++i) {
    const uint64_t n = z.wait_buckets[i] - before.zones[WEIR_ZONE_CLUSTER].wait_buckets[i];
    printf("  waits of at most %8.0f us: %lu\n", static_cast<double>(weir_wait_bound_ns(i)) / 1000,
           n);
    if (n == waits) break;
  }
  Check(z.failures == before.zones[WEIR_ZONE_CLUSTER].failures, "no wait fails");
}

void Recall() {
  const int threads = quick ? 50 : 1000;
  const int rounds = quick ? 3 : 50;
  constexpr int kEach = 64;
  const long limit = 2L * threads * kEach;  // so that nobody recalls while they fill
  SetLimit(WEIR_ZONE_MBUF, limit);
  Sleepers sleepers(threads, [] {
    std::vector<mbuf*> mine;
    for (int i = 0; i < kEach; ++i) {
      if (mbuf* m = m_get(M_DONTWAIT, MT_DATA)) mine.push_back(m);
    }
    Free(mine);
  });
  std::vector<int64_t> times;
  uint64_t passes = 0;
  int64_t cached = 0;
  for (int round = 0; round < rounds; ++round) {
    sleepers.Run();
    // What is not in their caches; then the one that must come from them.
    std::vector<mbuf*> all;
    const struct weir_zone_snapshot before = Snapshot().zones[WEIR_ZONE_MBUF];
    for (int64_t i = before.cached_depot + before.cached_slab + limit - before.total; i > 0; --i) {
      all.push_back(m_get(M_DONTWAIT, MT_DATA));
    }
    struct weir_zone_snapshot full = Snapshot().zones[WEIR_ZONE_MBUF];
    for (struct weir_zone_snapshot now = full; now.recalls == full.recalls;) {
      full = now;
      const int64_t from = Now();
      all.push_back(m_get(M_DONTWAIT, MT_DATA));
      const int64_t time = Now() - from;
      now = Snapshot().zones[WEIR_ZONE_MBUF];
      if (now.recalls == full.recalls && all.back() != nullptr) continue;
      times.push_back(time);
      passes += now.recalls - full.recalls;
      cached += full.cached_thread;
      Check(all.back() != nullptr, "what is in caches can be allocated");
      break;
    }
    Free(all);
  }
  std::sort(times.begin(), times.end());
  printf(
      "%ld mbufs in the caches of %d sleeping threads: the allocation that takes them back, us: "
      "least %.0f, median %.0f, most %.0f; %.1f recall passes each\n",
      static_cast<long>(cached / rounds), threads, static_cast<double>(times.front()) / 1000,
      static_cast<double>(times[times.size() / 2]) / 1000, static_cast<double>(times.back()) / 1000,
      static_cast<double>(passes) / static_cast<double>(rounds));
  Check(times[times.size() / 2] < 1'000'000, "a recall takes less than 1 ms");
}

double ResidentMiB() {
  long pages = 0;
  if (FILE* f = fopen("/proc/self/statm", "r")) {
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
  }
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void Trim() {
  const size_t packets = quick ? 2000 : 200000;
  SetLimit(WEIR_ZONE_CLUSTER, static_cast<long>(packets));
  weir_set_limit(WEIR_ZONE_MBUF, static_cast<long>(packets) * 2);
  std::mt19937_64 random(1);
  std::vector<mbuf*> live(packets);
  bool first = true;  // when the slab source makes tables, which it keeps
  for (const bool all : {true, true, false}) {
    weir_trim();
    const double before = ResidentMiB();
    for (mbuf*& m : live) {
      m = m_getcl(M_DONTWAIT, MT_DATA, M_PKTHDR);
      if (m == nullptr) abort();
      memset(m->m_data, 1, MCLBYTES);
    }
    const double full = ResidentMiB();
    std::shuffle(live.begin(), live.end(), random);
    const size_t freed = all ? packets : packets / 2;
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (size_t i = t; i < freed; i += 4) m_freem(live[i]);
      });
    }
    for (std::thread& t : threads) t.join();
    const int64_t from = Now();
    const double given = static_cast<double>(weir_trim()) / (1 << 20);
    const double ms = static_cast<double>(Now() - from) / 1e6;
    const double after = ResidentMiB();
    printf(
        "%zu packets, %zu freed in random order by 4 threads: resident %.1f MiB before, %.1f with "
        "all, %.1f after one weir_trim of %.1f ms, which gave %.1f MiB back\n",
        packets, freed, before, full, after, ms, given);
    if (all) Check(first || quick || after < before + 2, "all memory but 2 MiB comes back");
    first = false;
    for (size_t i = freed; i < packets; ++i) m_freem(live[i]);
  }
  printf("With half of them in use, at random, every slab has some: none can go at once.\n");
}

constexpr Claim kClaims[] = {
    {"exhaustion", Exhaustion}, {"waits", Waits}, {"recall", Recall}, {"trim", Trim}};

}  // namespace

int main(int argc, char** argv) {
  struct weir_options options = {};
  options.warn_interval_s = 86400;
  weir_init(&options);
  return weir_bench::ClaimsMain(argc, argv, kUsage, kClaims);
}
