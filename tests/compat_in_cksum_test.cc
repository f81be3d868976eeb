// tests/compat/in_cksum.c, a source in the style of BSD that knows nothing of weir, against the
// same sum over a flat buffer.
#include <netinet/in.h>

#include "tests/chain_make.h"
#include "tests/compat/scatter.h"

extern "C" int in_cksum(mbuf* m, int len);

namespace weir {
namespace {

class InCksum : public ChainTest {};

// RFC 1071, the slow way: big-endian words, each carry brought round at once. In the order in which
// in_cksum's result is stored in a header.
int FlatSum(const std::string& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (i % 2 == 0 ? 8 : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return htons(static_cast<uint16_t>(~sum));
}

TEST_F(InCksum, OfChainsOfAnyShapeIsThatOfTheirBytes) {
  ByteSource source = Seeded();
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = RandomString(&source, static_cast<size_t>(source.Length(70000)));
    mbuf* other;
    mbuf* m = Scatter(&source, bytes, &other);
    size_t len = source.OneIn(2) ? bytes.size() : source.Below(uint32_t(bytes.size()) + 1);
    ASSERT_EQ(in_cksum(m, static_cast<int>(len)), FlatSum(bytes.substr(0, len)))
        << len << " bytes, round " << round;
    m_freem(m);
    m_freem(other);
  }
}

TEST_F(InCksum, OfTheExampleInRfc1071) {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  m_append(m, 8, "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7");
  EXPECT_EQ(in_cksum(m, 8), htons(0x220d));
  m_freem(m);
}

TEST_F(InCksum, OfAsManyLargeWordsAsFitCarriesRight) {
  std::string bytes(1 << 20, '\xff');
  mbuf* m = m_get(M_WAIT, MT_DATA);
  ASSERT_TRUE(m_append(m, static_cast<int>(bytes.size()), bytes.data()));
  EXPECT_EQ(in_cksum(m, 1 << 20), FlatSum(bytes));
  EXPECT_EQ(in_cksum(m, (1 << 20) - 1), FlatSum(bytes.substr(1)));
  m_freem(m);
}

TEST_F(InCksum, SaysSoWhenTheChainIsShort) {
  mbuf* m = m_get(M_WAIT, MT_DATA);
  m_append(m, 3, "abc");
  testing::internal::CaptureStdout();
  EXPECT_EQ(in_cksum(m, 5), FlatSum("abc"));
  fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "in_cksum: the chain is 2 bytes short\n");
  m_freem(m);
}

}  // namespace
}  // namespace weir
