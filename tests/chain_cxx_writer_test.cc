// weir::Writer against a string, with its allocations failing, and with others sharing the chain.
#include "weir/chain/writer.h"

#include <cerrno>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/chain_cxx_test.h"
#include "weir/chain/cursor.h"
#include "weir/chain/pools.h"

namespace weir {
namespace {

class WriterTest : public CxxTest {};

std::string InOrder(uint64_t value, int size, bool big) {
  std::string bytes;
  for (int i = 0; i < size; ++i) {
    bytes += static_cast<char>(value >> 8 * (big ? size - 1 - i : i));
  }
  return bytes;
}

TEST_F(WriterTest, WritesIntegersInEitherOrder) {
  Chain chain;
  Writer out(chain);
  EXPECT_TRUE(out.write_be<uint8_t>(0x01));
  EXPECT_TRUE(out.write_be<uint16_t>(0x0203));
  EXPECT_TRUE(out.write_le<uint32_t>(0x07060504));
  EXPECT_TRUE(out.write_be<int64_t>(-2));
  EXPECT_TRUE(out.zeros(2));
  EXPECT_TRUE(out.write(std::string_view("end")));
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(out.size(), 20u);
  EXPECT_EQ(chain.size(), 20u);
  EXPECT_EQ(chain.to_string(), std::string("\1\2\3\4\5\6\7", 7) + std::string(7, '\xff') + '\xfe' +
                                   std::string(2, '\0') + "end");
  Cursor in(chain);
  EXPECT_EQ(in.read_be<uint8_t>(), 1);
  EXPECT_EQ(in.read_be<uint16_t>(), 0x0203);
  EXPECT_EQ(in.read_le<uint32_t>(), 0x07060504u);
  EXPECT_EQ(in.read_be<int64_t>(), -2);
}

TEST_F(WriterTest, FillsTrailingSpaceFirst) {
  Chain chain = Chain::from(Letters(500));
  const mbuf* m = chain.get();
  const size_t room = static_cast<size_t>(M_TRAILINGSPACE(m));
  Writer out(chain);
  EXPECT_TRUE(out.write(Letters(room, 1)));
  EXPECT_EQ(chain.segments(), 1u);
  EXPECT_TRUE(out.write(std::string_view("x")));
  EXPECT_EQ(chain.segments(), 2u);
  EXPECT_TRUE(chain.equals(Letters(500) + Letters(room, 1) + "x"));
}

TEST_F(WriterTest, WritesNothingIntoWhatIsSharedReadOnlyOrBehindARecord) {
  Chain chain = Chain::from(Letters(500));
  Chain shared = chain.share();
  Writer(chain).write(std::string_view("mine"));
  EXPECT_TRUE(shared.equals(Letters(500)));
  EXPECT_EQ(chain.segments(), 2u);
  EXPECT_EQ(M_TRAILINGROOM(chain.get()), M_TRAILINGROOM(shared.get()));
  Chain record = Chain::from("record");
  record.get()->m_flags |= M_EOR;
  Writer(record).write(std::string_view("next"));
  EXPECT_EQ(record.get()->m_len, 6);
  EXPECT_TRUE(record.equals("recordnext"));
}

TEST_F(WriterTest, AHintChoosesTheSizeOfBuffers) {
  Chain small, page, large;
  Writer(small, 20).write(std::string_view("x"));
  EXPECT_FALSE(small.get()->m_flags & M_EXT);
  Writer(page, 3000).write(std::string_view("x"));
  EXPECT_EQ(M_SIZE(page.get()), MJUMPAGESIZE);
  Writer out(large, 40000);
  for (int i = 0; i < 4000; ++i) ASSERT_TRUE(out.write(std::string_view("0123456789")));
  EXPECT_EQ(large.segments(), 3u);  // 16, 16 and 9 KiB
  EXPECT_EQ(M_SIZE(m_last(large.get())), MJUM9BYTES);
}

TEST_F(WriterTest, LargeBuffersGiveWayToClusters) {
  for (int zone : {WEIR_ZONE_JUMBO_9K, WEIR_ZONE_JUMBO_16K}) {
    ASSERT_EQ(weir_set_limit(zone, 0), 0);
  }
  Chain chain;
  EXPECT_TRUE(Writer(chain, 20000).write(Letters(20000)));
  EXPECT_TRUE(chain.equals(Letters(20000)));
  for (int zone : {WEIR_ZONE_JUMBO_9K, WEIR_ZONE_JUMBO_16K}) {
    ASSERT_EQ(weir_set_limit(zone, 1000), 0);
  }
}

TEST_F(WriterTest, PatchesAFieldWhereverItLies) {
  for (size_t before : {0u, 1u, 155u, 158u, 159u, 160u, 2000u}) {
    Chain chain;
    Writer out(chain);
    ASSERT_TRUE(out.write(Letters(before)));
    auto length = out.patch_be<uint32_t>();
    auto check = out.patch_le<uint16_t>();
    ASSERT_TRUE(out.write(Letters(3000)));
    EXPECT_TRUE(out.set_size(length));
    EXPECT_TRUE(out.set(check, 0xabcd));
    const std::string all = InOrder(3002, 4, true) + InOrder(0xabcd, 2, false) + Letters(3000);
    EXPECT_EQ(chain.to_string(), Letters(before) + all);
    EXPECT_TRUE(out.set(check, 0x1234));  // and again
    EXPECT_EQ(chain.to_string().substr(before + 4, 2), InOrder(0x1234, 2, false));
    ASSERT_TRUE(m_sanity(chain.get(), 0));
  }
}

TEST_F(WriterTest, PatchesBehindWhatWasThere) {
  Chain chain = Chain::from(Letters(5000));
  Writer out(chain);
  auto field = out.patch_be<uint16_t>();
  EXPECT_TRUE(out.write(std::string_view("body")));
  EXPECT_TRUE(out.set_size(field));
  EXPECT_EQ(chain.to_string(), Letters(5000) + InOrder(4, 2, true) + "body");
}

TEST_F(WriterTest, PatchingNeverShowsInAShare) {
  Chain chain;
  Writer out(chain, 3000);
  ASSERT_TRUE(out.write(Letters(300)));
  auto field = out.patch_be<uint16_t>();
  ASSERT_TRUE(out.write(Letters(1000)));
  Chain shared = chain.share();
  ASSERT_TRUE(out.set(field, 0x4142));
  ASSERT_TRUE(out.write(std::string_view("more")));
  ASSERT_TRUE(out.set(field, 0x4344));
  EXPECT_EQ(shared.to_string(), Letters(300) + std::string(2, '\0') + Letters(1000));
  EXPECT_EQ(chain.to_string(), Letters(300) + "CD" + Letters(1000) + "more");
}

TEST_F(WriterTest, ASizeThatTheFieldCannotHoldIsAnError) {
  Chain chain;
  Writer out(chain);
  auto field = out.patch_be<uint8_t>();
  ASSERT_TRUE(out.zeros(255));
  EXPECT_TRUE(out.set_size(field));
  ASSERT_TRUE(out.zeros(1));
  EXPECT_FALSE(out.set_size(field));
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(out.error(), EMSGSIZE);
  EXPECT_EQ(chain.to_string()[0], '\xff');
}

TEST_F(WriterTest, TakesChainsWithoutCopying) {
  Chain chain;
  Writer out(chain);
  Chain value = Chain::from(Letters(5000));
  Chain again = value.share();
  EXPECT_TRUE(out.append(std::move(value)));
  EXPECT_TRUE(value.empty());
  EXPECT_TRUE(out.write(std::string_view("|")));
  EXPECT_TRUE(out.append(std::move(again)));
  EXPECT_TRUE(out.append(Chain()));
  EXPECT_TRUE(out.write(std::string_view("|")));
  EXPECT_EQ(chain.to_string(), Letters(5000) + "|" + Letters(5000) + "|");
  EXPECT_EQ(chain.size(), 10002u);
  EXPECT_EQ(out.size(), 10002u);
}

TEST_F(WriterTest, ErrorsStickAndWhatFailedIsNotWritten) {
  Chain chain = Chain::from("start");
  Writer out(chain);
  ASSERT_TRUE(out.write(Letters(100)));
  auto field = out.patch_be<uint16_t>();
  weir_fail_nth(2);  // 16 KiB are to be had, and not enough
  EXPECT_FALSE(out.write(Letters(18000)));
  weir_fail_nth(-1);
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_FALSE(out.ok());
  errno = 0;
  EXPECT_FALSE(out.write(std::string_view("x")));
  EXPECT_EQ(errno, ENOBUFS);
  EXPECT_FALSE(out.zeros(1));
  EXPECT_FALSE(out.write_be<uint8_t>(1));
  EXPECT_FALSE(out.set(field, 1));
  EXPECT_FALSE(out.set_size(field));
  auto never = out.patch_be<uint16_t>();
  EXPECT_FALSE(out.set(never, 1));
  Chain tail = Chain::from("tail");
  EXPECT_FALSE(out.append(std::move(tail)));
  EXPECT_TRUE(tail.equals("tail"));
  EXPECT_EQ(out.size(), 102u);
  EXPECT_EQ(chain.to_string(), "start" + Letters(100) + std::string(2, '\0'));
  EXPECT_EQ(out.error(), ENOBUFS);
}

TEST_F(WriterTest, UndoLeavesTheChainAsItWas) {
  Chain chain = Chain::from(Letters(300));
  Writer out(chain);
  ASSERT_TRUE(out.write(Letters(7000)));
  auto field = out.patch_be<uint16_t>();
  out.undo();
  EXPECT_TRUE(chain.equals(Letters(300)));
  EXPECT_TRUE(m_sanity(chain.get(), 0));
  EXPECT_FALSE(out.write(std::string_view("x")));
  EXPECT_FALSE(out.set(field, 1));
  EXPECT_EQ(out.error(), ECANCELED);
  EXPECT_EQ(out.size(), 0u);
  Chain none;
  Writer other(none);
  ASSERT_TRUE(other.write(Letters(7000)));
  other.undo();
  EXPECT_EQ(none.get(), nullptr);
}

TEST_F(WriterTest, NothingLeaksWithoutMemory) {
  const int failures = ForEachFailure([] {
    Chain chain;
    Writer out(chain);
    out.write(Letters(100));
    auto field = out.patch_be<uint16_t>();
    out.write(Letters(1500));
    Chain shared = chain.share();
    out.set(field, 7);
    out.zeros(2000);
    if (!out.ok()) {
      EXPECT_EQ(out.error(), ENOBUFS);
      EXPECT_EQ(chain.size(), out.size());
      out.undo();
      EXPECT_EQ(chain.get(), nullptr);
    }
    return out.ok() && shared.size() == 1602;
  });
  EXPECT_GE(failures, 5) << "two mbufs, the share, two copies of shared bytes, a cluster";
}

TEST_F(WriterTest, LengthsEndAtTheLimitOfAChain) {
  static char huge[1 << 20];
  Chain chain;
  for (int i = 0; i < 2047; ++i) {
    ASSERT_TRUE(chain.append(Chain::from_external(std::span(huge), [] {})));
  }
  Writer out(chain);
  EXPECT_TRUE(out.zeros((1 << 20) - 2));
  EXPECT_EQ(chain.size(), INT32_MAX - 1u);
  EXPECT_FALSE(out.write_be<uint16_t>(1));
  EXPECT_EQ(errno, EMSGSIZE);
  out.undo();
  Writer again(chain);
  EXPECT_FALSE(again.append(Chain::from_external(std::span(huge), [] {})));
  EXPECT_EQ(again.error(), EMSGSIZE);
}

TEST_F(WriterTest, AppendingAChainToItselfIsRefused) {
  Chain chain = Chain::from("self");
  Writer out(chain);
  EXPECT_FALSE(out.append(std::move(chain)));
  EXPECT_EQ(out.error(), EINVAL);
  EXPECT_TRUE(chain.equals("self"));
}

// What was shared when a field was set is cut at the field, so that later ones are in other mbufs.
TEST_F(WriterTest, PatchesWhatWasCutOffItsMbuf) {
  std::string memory(40000, '-');
  const int failures = ForEachFailure([&] {
    mbuf* m = m_gethdr(M_DONTWAIT, MT_DATA);
    if (m == nullptr) return false;
    EXPECT_EQ(m_extadd(m, memory.data(), 40000, nullptr, nullptr, nullptr, 0, EXT_DISPOSABLE), 0);
    Chain chain = Chain::adopt(m);
    Writer out(chain);
    std::string expected = Letters(20000);
    const auto number = [&](auto& field, size_t at) {
      if (!out.set(field, 0x4142)) return false;
      expected.replace(at, 2, "AB");
      return true;
    };
    EXPECT_TRUE(out.write(AsBytes(expected.substr(0, 100))));
    auto first = out.patch_be<uint16_t>();
    EXPECT_TRUE(out.write(expected.substr(102, 18898)));
    auto second = out.patch_be<uint16_t>();
    EXPECT_TRUE(out.write(expected.substr(19002)));
    Chain shared = chain.share();
    if (shared.empty()) return false;
    expected.replace(100, 2, 2, '\0').replace(19000, 2, 2, '\0');
    const std::string as_shared = expected;
    const bool set = number(first, 100) && number(second, 19000);
    EXPECT_EQ(shared.to_string(), as_shared);
    shared.clear();
    EXPECT_EQ(set && number(second, 19000), set) << "it needs no memory";
    EXPECT_EQ(out.error(), set ? 0 : ENOBUFS);
    EXPECT_EQ(chain.to_string(), expected);
    return set;
  });
  EXPECT_GE(failures, 6);
}

TEST_F(WriterTest, GrowsFromTheSetOfTheChain) {
  Pools pools("writer");
  Chain chain = Chain::adopt(pools.gethdr(M_DONTWAIT, MT_DATA));
  EXPECT_TRUE(Writer(chain).write(Letters(10000)));
  for (const mbuf* m = chain.get(); m != nullptr; m = m->m_next) {
    EXPECT_EQ(weir_pools_of(m), pools.get());
  }
}

TEST_F(WriterTest, UndoingARecordLeavesNoMark) {
  for (bool ends_record : {false, true}) {
    Chain chain = Chain::from("before");
    if (ends_record) chain.get()->m_flags |= M_EOR;
    Writer out(chain);
    Chain record = Chain::from(Letters(3000));
    m_last(record.get())->m_flags |= M_EOR;
    ASSERT_TRUE(out.append(std::move(record)));
    ASSERT_TRUE(out.write("more"));
    out.undo();
    EXPECT_TRUE(chain.equals("before"));
    EXPECT_EQ((m_last(chain.get())->m_flags & M_EOR) != 0, ends_record);
  }
}

// Any sequence of writes does what it would to a string.
TEST_F(WriterTest, BehavesAsAString) {
  const unsigned seed = Seed();
  SCOPED_TRACE("WEIR_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    Chain chain;
    std::string text;
    if (random() % 2) {
      text = Letters(random() % 3000);
      chain = Chain::from(text);
    }
    if (random() % 4 == 0) {  // no packet header
      mbuf* m = m_get(M_DONTWAIT, MT_DATA);
      m->m_len = 10;
      memset(m->m_data, '-', 10);
      chain = Chain::adopt(m);
      text = std::string(10, '-');
    }
    const std::string before = text;
    std::vector<std::pair<Chain, std::string>> kept;
    Writer out(chain, random() % 3 == 0 ? random() % 20000 : 0);
    std::vector<std::pair<Writer::Patch<uint32_t>, size_t>> patches;
    for (int step = 0; step < 60; ++step) {
      std::string more = Letters(random() % 4 == 0 ? random() % 6000 : random() % 60, step);
      const uint32_t number = random();
      switch (random() % 9) {
        case 0:
          ASSERT_TRUE(out.write(more));
          text += more;
          break;
        case 1:
          ASSERT_TRUE(out.zeros(more.size()));
          text.append(more.size(), '\0');
          break;
        case 2:
          ASSERT_TRUE(out.write_be<uint32_t>(number));
          text += InOrder(number, 4, true);
          break;
        case 3:
          ASSERT_TRUE(out.write_le<uint16_t>(static_cast<uint16_t>(number)));
          text += InOrder(number, 2, false);
          break;
        case 4:
          ASSERT_TRUE(out.append(Chain::from(more)));
          text += more;
          break;
        case 5:
          patches.emplace_back(out.patch_be<uint32_t>(), text.size());
          text.append(4, '\0');
          break;
        case 6:
          if (patches.empty()) break;
          {
            auto& [patch, at] = patches[random() % patches.size()];
            ASSERT_TRUE(out.set(patch, number));
            text.replace(at, 4, InOrder(number, 4, true));
          }
          break;
        case 7:
          if (patches.empty()) break;
          {
            auto& [patch, at] = patches[random() % patches.size()];
            ASSERT_TRUE(out.set_size(patch));
            text.replace(at, 4, InOrder(text.size() - at - 4, 4, true));
          }
          break;
        default: {
          const size_t from = random() % (text.size() + 1);
          kept.emplace_back(chain.share(from), text.substr(from));
          if (kept.size() > 3) kept.erase(kept.begin());
        }
      }
      ASSERT_EQ(chain.size(), text.size());
      ASSERT_EQ(out.size(), text.size() - before.size());
    }
    ASSERT_EQ(chain.to_string(), text);
    if (chain.get() != nullptr) {
      ASSERT_TRUE(m_sanity(chain.get(), 0));
    }
    for (auto& [shared, bytes] : kept) ASSERT_EQ(shared.to_string(), bytes);
    if (random() % 2) {
      out.undo();
      ASSERT_EQ(chain.to_string(), before);
    }
  }
}

}  // namespace
}  // namespace weir
