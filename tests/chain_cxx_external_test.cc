// Owners of external memory: destroyed once, with the last holder, on its thread, and left with the
// caller when attaching fails.
#include "weir/chain/external.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/chain_cxx_test.h"

namespace weir {
namespace {

class ExternalTest : public CxxTest {};

// Counts its own ends; moved-from ones do not count.
struct Tracked {
  explicit Tracked(int* ends) : ends(ends) {}
  Tracked(Tracked&& other) noexcept : ends(std::exchange(other.ends, nullptr)) {}
  ~Tracked() {
    if (ends != nullptr) ++*ends;
  }
  int* ends;
};

struct Large : Tracked {
  using Tracked::Tracked;
  char more[100] = {};
};

struct alignas(32) Aligned : Tracked {
  explicit Aligned(int* ends) : Tracked(ends) {}
  Aligned(Aligned&& other) noexcept : Tracked(std::move(other)) { check(); }
  ~Aligned() { check(); }
  void check() const { EXPECT_EQ(reinterpret_cast<uintptr_t>(this) % 32, 0u); }
};

struct Called {
  std::shared_ptr<int> calls;
  void operator()() { ++*calls; }
};

static_assert(external::kInside<std::unique_ptr<int>>);
static_assert(external::kInside<std::unique_ptr<char, void (*)(char*)>>);
static_assert(external::kInside<std::shared_ptr<int>>);
static_assert(external::kInside<Chain>);
static_assert(!external::kInside<Tracked>, "its move constructor does something");
static_assert(!external::kInside<std::string>);

static_assert(ByteContainer<std::string> && ByteContainer<std::vector<unsigned char>>);
static_assert(!ByteContainer<std::string&>, "an lvalue would have to be copied");
static_assert(!ByteContainer<std::string_view> && !ByteContainer<std::span<char>>);
static_assert(!ByteContainer<std::vector<int>> && !ByteContainer<Chain>);

TEST_F(ExternalTest, AnOwnerEndsOnceWithTheLastHolder) {
  std::string memory = Letters(5000);
  int ends = 0;
  auto check = [&](auto owner) {
    ends = 0;
    Chain chain = Chain::from_external(std::span(memory), std::move(owner));
    EXPECT_TRUE(chain.equals(memory));
    EXPECT_EQ(ends, 0);
    Chain part = chain.share(100, 50);
    Chain tail = chain.split_at(3000);
    EXPECT_TRUE(tail.equals(std::string_view(memory).substr(3000)));
    chain.clear();
    tail.clear();
    EXPECT_EQ(ends, 0);
    EXPECT_TRUE(part.equals(std::string_view(memory).substr(100, 50)));
    part.clear();
    EXPECT_EQ(ends, 1);
  };
  check(Tracked(&ends));
  check(Large(&ends));
  check(Aligned(&ends));
  check(std::make_unique<Tracked>(&ends));
  check(std::shared_ptr<Tracked>(new Tracked(&ends)));
  check([&ends] { ++ends; });
  check([ends = &ends, kept = std::string(100, 'x')] { *ends += kept.size() == 100; });
  check(std::function<void()>([&ends] { ++ends; }));
}

TEST_F(ExternalTest, AnOwnerThatCanBeCalledIsCalledThenDestroyed) {
  auto calls = std::make_shared<int>(0);
  char memory[10] = {};
  Chain chain = Chain::from_external(std::span(memory), Called{calls});
  EXPECT_EQ(*calls, 0);
  EXPECT_EQ(calls.use_count(), 2);
  chain.clear();
  EXPECT_EQ(*calls, 1);
  EXPECT_EQ(calls.use_count(), 1);
}

TEST_F(ExternalTest, AnOwnerThatIsNoRvalueIsCopied) {
  auto bytes = std::make_shared<std::string>(Letters(300));
  Chain chain = Chain::from_external(std::span(std::as_const(*bytes)), bytes);
  EXPECT_EQ(bytes.use_count(), 2);
  chain.clear();
  EXPECT_EQ(bytes.use_count(), 1);
}

TEST_F(ExternalTest, ConstMemoryIsReadOnlyAndNeverWritten) {
  const std::string memory = Letters(300);
  Chain chain = Chain::from_external(std::span(memory), [] {});
  EXPECT_TRUE(chain.get()->m_flags & M_RDONLY);
  EXPECT_FALSE(chain.is_writable());
  EXPECT_TRUE(chain.append("tail"));
  EXPECT_TRUE(chain.overwrite(10, AsBytes("XYZ")));
  std::memset(chain.prepend(2).data(), '-', 2);
  EXPECT_EQ(chain.to_string(), "--" + Letters(300).replace(10, 3, "XYZ") + "tail");
  EXPECT_EQ(memory, Letters(300));
}

TEST_F(ExternalTest, OtherMemoryIsWrittenByItsOnlyHolder) {
  std::string memory = Letters(300);
  Chain chain = Chain::from_external(std::span(memory), [] {});
  EXPECT_TRUE(chain.is_writable());
  EXPECT_TRUE(chain.overwrite(10, AsBytes("XYZ")));
  EXPECT_EQ(memory.substr(10, 3), "XYZ");
  Chain shared = chain.share();
  EXPECT_TRUE(chain.overwrite(10, AsBytes("xyz")));
  EXPECT_EQ(memory.substr(10, 3), "XYZ");
  EXPECT_EQ(shared.to_string(), memory);
}

TEST_F(ExternalTest, ContainersAreTheirOwnOwners) {
  for (size_t n : {0u, 3u, 5000u}) {
    Chain text = Chain::from_container(Letters(n));
    EXPECT_EQ(errno, 0);
    EXPECT_EQ(text.to_string(), Letters(n));
    EXPECT_EQ(text.size(), n);
    EXPECT_TRUE(text.is_writable());
  }
  std::vector<std::byte> vector(100, std::byte{'v'});
  const std::byte* data = vector.data();
  Chain chain = Chain::from_container(std::move(vector));
  EXPECT_EQ((*chain.begin()).data(), data) << "not copied";
  EXPECT_EQ(chain.to_string(), std::string(100, 'v'));
  EXPECT_TRUE(Chain::from_container(std::array<char, 4>{'a', 'b', 'c', 'd'}).equals("abcd"));
}

TEST_F(ExternalTest, NoBytesAreFine) {
  int ends = 0;
  Chain chain = Chain::from_external(std::span<const char>(), Tracked(&ends));
  EXPECT_EQ(errno, 0);
  EXPECT_TRUE(chain.empty());
  ASSERT_NE(chain.get(), nullptr);
  EXPECT_TRUE(m_sanity(chain.get(), 0));
  EXPECT_EQ(ends, 0);
  chain.clear();
  EXPECT_EQ(ends, 1);
}

TEST_F(ExternalTest, AttachesToAnMbufOfTheOtherFace) {
  std::string memory = Letters(300);
  int ends = 0;
  mbuf* m = m_get(M_DONTWAIT, MT_DATA);
  ASSERT_TRUE(attach_external(m, std::span(memory), Tracked(&ends)));
  EXPECT_EQ(m->m_len, 300);
  EXPECT_EQ(m->m_data, memory.data());
  Tracked other(&ends);
  EXPECT_FALSE(attach_external(m, std::span(memory), std::move(other)));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_NE(other.ends, nullptr) << "still the caller's";
  other.ends = nullptr;
  m_freem(m);
  EXPECT_EQ(ends, 1);
  EXPECT_FALSE(attach_external(nullptr, std::span(memory), [] {}));
  EXPECT_EQ(errno, EINVAL);
  m = m_get(M_DONTWAIT, MT_DATA);
  m->m_len = 1;
  EXPECT_FALSE(attach_external(m, std::span(memory), [] {}));
  EXPECT_EQ(errno, EINVAL);
  m_freem(m);
}

TEST_F(ExternalTest, MoreThanAChainHoldsIsRefused) {
  char byte = 0;
  auto owner = std::make_unique<int>(1);
  Chain chain = Chain::from_external(std::span(&byte, size_t{INT32_MAX} + 1), std::move(owner));
  EXPECT_EQ(chain.get(), nullptr);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_NE(owner, nullptr);
}

TEST_F(ExternalTest, WithoutMemoryTheOwnerStaysWithTheCaller) {
  std::string memory = Letters(300);
  int ends = 0;
  auto check = [&](auto make, int expected) {
    const int failures = ForEachFailure([&] {
      auto owner = make();
      ends = 0;
      Chain chain = Chain::from_external(std::span(memory), std::move(owner));
      if (chain.get() != nullptr) {
        chain.clear();
        EXPECT_EQ(ends, 1);
        return true;
      }
      EXPECT_EQ(errno, ENOBUFS);
      EXPECT_EQ(ends, 0);
      chain = Chain::from_external(std::span(memory), std::move(owner));
      chain.clear();
      EXPECT_EQ(ends, 1) << "the owner was still good";
      return false;
    });
    EXPECT_EQ(failures, expected);
  };
  check([&] { return Large(&ends); }, 2);
  check([&] { return std::shared_ptr<Tracked>(new Tracked(&ends)); }, 1);
  const int failures = ForEachFailure([&] {
    std::string text = Letters(3000);
    Chain chain = Chain::from_container(std::move(text));
    if (chain.get() != nullptr) return true;
    EXPECT_EQ(errno, ENOBUFS);
    EXPECT_EQ(text, Letters(3000));
    return false;
  });
  EXPECT_EQ(failures, 2);
}

TEST_F(ExternalTest, SharingWithoutMemoryLeavesTheOwnerAlone) {
  std::string memory = Letters(300);
  int ends = 0;
  const int failures = ForEachFailure([&] {
    ends = 0;
    Chain chain = Chain::from_external(std::span(memory), Large(&ends));
    if (chain.get() == nullptr) return false;
    Chain shared = chain.share();
    chain.clear();
    const bool done = shared.get() != nullptr;
    EXPECT_EQ(ends, done ? 0 : 1);
    shared.clear();
    EXPECT_EQ(ends, 1);
    return done;
  });
  EXPECT_EQ(failures, 4);  // mbuf, owner; mbuf, count
}

TEST_F(ExternalTest, ChainsMayOwnChains) {
  Chain inner = Chain::from(Letters(3000));
  auto piece = *inner.begin();
  Chain outer = Chain::from_external(piece, std::move(inner));
  EXPECT_EQ(inner.get(), nullptr);
  EXPECT_EQ(outer.to_string(), Letters(3000));
}

// Which thread is in the middle of dropping a holder.
thread_local bool dropping = false;

struct EndsWhereDropped {
  explicit EndsWhereDropped(std::atomic<int>* ends, std::string* memory)
      : ends(ends), memory(memory) {}
  EndsWhereDropped(EndsWhereDropped&& other) noexcept
      : ends(std::exchange(other.ends, nullptr)), memory(other.memory) {}
  ~EndsWhereDropped() {
    if (ends == nullptr) return;
    EXPECT_TRUE(dropping) << "not on the thread of the last holder";
    // Not atomic on purpose: a race if another holder were still reading.
    memory->assign(memory->size(), '!');
    ends->fetch_add(1, std::memory_order_relaxed);
  }
  std::atomic<int>* ends;
  std::string* memory;
};

TEST_F(ExternalTest, EndsOnceOnTheThreadThatDropsTheLastHolder) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  const std::string expected = Letters(500);
  for (int round = 0; round < kRounds; ++round) {
    std::string memory = expected;
    std::atomic<int> ends = 0;
    std::atomic<int> ready = 0;
    std::vector<Chain> shares;
    {
      Chain chain;
      if (round % 2) {
        chain = Chain::from_external(std::span(memory), EndsWhereDropped(&ends, &memory));
      } else {  // without an allocation
        chain = Chain::from_external(std::span(memory),
                                     std::make_unique<EndsWhereDropped>(&ends, &memory));
      }
      for (int i = 0; i < kThreads; ++i) shares.push_back(chain.share());
    }
    std::vector<std::thread> threads;
    for (Chain& share : shares) {
      threads.emplace_back([&] {
        ready.fetch_add(1, std::memory_order_relaxed);
        while (ready.load(std::memory_order_relaxed) < kThreads) std::this_thread::yield();
        EXPECT_TRUE(share.equals(expected));
        Chain again = share.share(100, 300);
        dropping = true;
        share.clear();
        dropping = false;
        EXPECT_TRUE(again.equals(std::string_view(expected).substr(100, 300)));
        dropping = true;
        again.clear();
        dropping = false;
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(ends.load(std::memory_order_relaxed), 1);
    ASSERT_EQ(memory, std::string(500, '!'));
  }
}

}  // namespace
}  // namespace weir
