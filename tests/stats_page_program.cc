// A program for the page's test to look at: an exporter over pools that are at rest, under load or
// at their limit, as the lines of its standard input say. Each is answered with a line when done.
//
//   rest, load, limit   what the pools do from now on
//   stop, start         the exporter, which comes back on the same port
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "weir/chain/drain_handler.h"
#include "weir/chain/mbuf.h"
#include "weir/chain/pools.h"
#include "weir/chain/weir.h"
#include "weir/stats/exporter.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using Getter = std::function<mbuf*(int how)>;

weir_options Limits(int64_t mbufs, int64_t clusters) {
  weir_options options = {};
  options.nmbufs = mbufs;
  options.nmbclusters = clusters;
  options.nmbjumbop = 1024;
  options.nmbjumbo9 = 256;
  options.nmbjumbo16 = 128;
  options.warn_interval_s = 86400;
  return options;
}

// Mbufs that somebody holds.
class Pile {
 public:
  ~Pile() { Drop(held_.size()); }

  // As many as there are, if there are not so many.
  void Take(size_t wanted, const Getter& get) {
    for (size_t i = 0; i < wanted; ++i) {
      mbuf* m = get(M_DONTWAIT);
      if (m == nullptr) return;
      std::lock_guard lock(mutex_);
      held_.push_back(m);
    }
  }
  long Drop(size_t wanted) {
    std::vector<mbuf*> some;
    {
      std::lock_guard lock(mutex_);
      for (; wanted > 0 && !held_.empty(); --wanted) {
        some.push_back(held_.back());
        held_.pop_back();
      }
    }
    for (mbuf* m : some) m_freem(m);
    return static_cast<long>(some.size());
  }

 private:
  std::mutex mutex_;
  std::vector<mbuf*> held_;
};

mbuf* GetMbuf(int how) { return m_gethdr(how, MT_HEADER); }
mbuf* GetCluster(int how) { return m_getcl(how, MT_DATA, M_PKTHDR); }
mbuf* GetPage(int how) { return m_getjcl(how, MT_DATA, M_PKTHDR, MJUMPAGESIZE); }

class Work {
 public:
  Work() : tenant_("tenant-a", Limits(2000, 500)) { Rest(); }
  ~Work() { End(); }

  // Some of everything, here and there: in use, in this thread's cache, in the depot, in slabs.
  void Rest() {
    End();
    weir_trim();
    pile_.Take(1500, GetMbuf);
    pile_.Take(900, GetCluster);
    pile_.Take(120, GetPage);
    tenant_pile_.Take(140, [this](int how) { return tenant_.getcl(how, MT_DATA, M_PKTHDR); });
    Pile passing;
    passing.Take(700, GetCluster);
  }

  void Load() {
    Rest();
    // Three levels, so that a bar and a line have something to show.
    for (size_t burst : {40, 200, 600}) {
      Run([burst] {
        Pile passing;
        passing.Take(burst, GetCluster);
        passing.Take(burst / 4, GetPage);
      });
    }
  }

  // All clusters are held; one caller tries, others wait; a drain or a free frees a few at times.
  void AtLimit() {
    Rest();
    pile_.Take(100000, GetCluster);
    drain_ = DrainHandler::of<&Work::Drain>(DrainHandler::kProtocol, "page", this);
    Run([this] { pile_.Take(1, GetCluster); });
    for (int i = 0; i < 3; ++i) {
      Run([] { m_freem(GetCluster(M_WAIT)); });
    }
    tenant_pile_.Take(100000, [this](int how) { return tenant_.getcl(how, MT_DATA, 0); });
  }

  std::vector<SetSnapshot> Sets() const { return {{tenant_.name(), tenant_.snapshot()}}; }
  uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }

 private:
  // Some times a second, until End().
  void Run(std::function<void()> work) {
    threads_.emplace_back([this, work = std::move(work)](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        work();
        rounds_.fetch_add(1, std::memory_order_relaxed);
        std::this_thread::sleep_for(2ms);
      }
    });
  }

  // Finds something now and then, so that those who wait do get something.
  long Drain(int /*zone*/, long /*wanted*/) {
    return drains_.fetch_add(1, std::memory_order_relaxed) % 256 == 0 ? pile_.Drop(2) : 0;
  }

  void End() {
    for (std::jthread& thread : threads_) thread.request_stop();
    drain_.reset();
    pile_.Drop(100000);  // wakes who waits
    threads_.clear();
    pile_.Drop(100000);
    tenant_pile_.Drop(100000);
  }

  Pools tenant_;
  Pile pile_, tenant_pile_;
  DrainHandler drain_;
  std::atomic<int> drains_ = 0;       // counter
  std::atomic<uint64_t> rounds_ = 0;  // counter
  std::vector<std::jthread> threads_;
};

int Main() {
  const weir_options options = Limits(16384, 4096);
  if (weir_init(&options) != 0) return 1;
  weir_reserve(WEIR_ZONE_CLUSTER, 512);
  weir_set_wait_limit(300);
  Work work;
  Exporter::Options serving;
  serving.snapshot = weir_snapshot;
  serving.title = "weir's page";
  serving.sets = [&work] { return work.Sets(); };
  serving.figures = [&work] {
    using enum Figure::Kind;
    return std::vector<Figure>{{"rounds", static_cast<double>(work.rounds()), kCounter},
                               {"largest record", 123456789, kGauge, Figure::Unit::kBytes},
                               {"slowest answer", 0.0125, kGauge, Figure::Unit::kSeconds}};
  };
  std::string error;
  auto exporter = Exporter::Start(serving, &error);
  if (exporter == nullptr) {
    std::cerr << error << std::endl;
    return 1;
  }
  serving.port = exporter->port();
  std::cout << exporter->url() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "rest") work.Rest();
    if (line == "load") work.Load();
    if (line == "limit") work.AtLimit();
    if (line == "stop") exporter.reset();
    if (line == "start" && exporter == nullptr) exporter = Exporter::Start(serving, &error);
    std::cout << line << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace weir

int main() { return weir::Main(); }
