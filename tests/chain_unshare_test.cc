// Writable chains: m_unshare, m_makewritable, m_copyback_cow, m_extremove, m_zeroize.
#include <cerrno>
#include <climits>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MUnshare : public ChainTest {};
class MMakewritable : public ChainTest {};
class MCopybackCow : public ChainTest {};
class MExtremove : public ChainTest {};
class MZeroize : public ChainTest {};

mbuf* Mixed() {
  mbuf* m = Packet({{Buffer::kSmall, 0, 100},
                    {Buffer::kCluster, 500, 1000},
                    {Buffer::kCluster, 0, 0},
                    {Buffer::kReadOnly, 0, 39000},
                    {Buffer::kJumbo9, 0, 50}});
  m->m_next->m_flags |= M_EOR;
  AddTag(m, 1, "tag");
  return m;
}
constexpr int kTotal = 100 + 1000 + 39000 + 50;

bool AllWritable(const mbuf* m) {
  for (; m != nullptr; m = m->m_next) {
    if (!M_WRITABLE(m)) return false;
  }
  return true;
}

TEST_F(MUnshare, AllOfItCanBeWrittenAndTheOtherHolderSeesNothing) {
  mbuf* m = Mixed();
  mbuf* copy = m_copypacket(m, M_WAIT);
  std::string data = Bytes(m);
  std::string before = Buffers(copy);
  EXPECT_EQ(m_unshare(m, M_DONTWAIT), m);
  EXPECT_TRUE(AllWritable(m));
  ExpectChain(m, data);
  EXPECT_TRUE(m->m_next->m_flags & M_EOR);
  EXPECT_EQ(Tags(m), "1:tag ");
  for (mbuf* n = m; n != nullptr; n = n->m_next) {
    memset(M_START(n), '!', static_cast<size_t>(M_SIZE(n)));
  }
  EXPECT_TRUE(Buffers(copy) == before);
  m_freem(copy);
  m_freem(m);
}

TEST_F(MUnshare, TheSmallestBuffersThatHoldItAreTaken) {
  for (int len : {MLEN, MLEN + 1, MCLBYTES + 1, MJUMPAGESIZE + 1, MJUM9BYTES + 1}) {
    mbuf* m = Chain({{Buffer::kReadOnly, 0, len}});
    m = m_unshare(m, M_DONTWAIT);
    mbuf* fits = m_get2(len, M_DONTWAIT, MT_DATA, 0);
    EXPECT_EQ(M_SIZE(m), M_SIZE(fits)) << len;
    m_freem(fits);
    m_freem(m);
  }
}

TEST_F(MUnshare, WhatIsWritableAlreadyStaysAsItIs) {
  mbuf* m = Packet({{Buffer::kCluster, 0, 100}, {Buffer::kExternal, 0, 40000}});
  const char* at = m->m_next->m_data;
  EXPECT_EQ(m_unshare(m, M_DONTWAIT), m);
  EXPECT_EQ(m->m_next->m_data, at);
  m_freem(m);
  errno = 0;
  EXPECT_EQ(m_unshare(nullptr, M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(MMakewritable, OnlyTheBuffersOfTheRangeAreCopied) {
  mbuf* m = Mixed();
  mbuf* copy = m_copypacket(m, M_WAIT);
  mbuf* first = m;
  std::string data = Bytes(m);
  EXPECT_EQ(m_makewritable(&m, 100, 1000, M_DONTWAIT), 0);
  EXPECT_EQ(m, first);
  EXPECT_TRUE(M_WRITABLE(m->m_next));
  EXPECT_FALSE(M_WRITABLE(m->m_next->m_next->m_next));
  EXPECT_EQ(m_makewritable(&m, 20000, 1, M_DONTWAIT), 0);
  int at;
  EXPECT_TRUE(M_WRITABLE(m_getptr(m, 20000, &at)));
  EXPECT_FALSE(M_WRITABLE(m_getptr(m, 19999, &at)));
  EXPECT_EQ(m_makewritable(&m, kTotal, 0, M_DONTWAIT), 0);
  EXPECT_EQ(m_makewritable(&m, kTotal - 50, M_COPYALL, M_DONTWAIT), 0);
  EXPECT_TRUE(M_WRITABLE(m_last(m)));
  ExpectChain(m, data);
  ExpectChain(copy, data);
  m_freem(copy);
  m_freem(m);
}

TEST_F(MMakewritable, OutOfRangeIsEinval) {
  mbuf* m = Mixed();
  EXPECT_EQ(m_makewritable(&m, -1, 1, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_makewritable(&m, 0, -1, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_makewritable(&m, 0, kTotal + 1, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_makewritable(&m, kTotal + 1, M_COPYALL, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_makewritable(&m, INT_MAX, INT_MAX, M_DONTWAIT), EINVAL);
  m_freem(m);
  m = nullptr;
  EXPECT_EQ(m_makewritable(&m, 0, 0, M_DONTWAIT), EINVAL);
  EXPECT_EQ(m_makewritable(nullptr, 0, 0, M_DONTWAIT), EINVAL);
}

TEST_F(MCopybackCow, WritesInsideTheChainOnly) {
  mbuf* m = Mixed();
  mbuf* copy = m_copypacket(m, M_WAIT);
  std::string data = Bytes(m);
  std::string with = Pattern(3000);
  EXPECT_EQ(m_copyback_cow(m, 90, 3000, with.data(), M_DONTWAIT), m);
  std::string changed = data;
  ExpectChain(m, changed.replace(90, 3000, with));
  ExpectChain(copy, data);
  EXPECT_EQ(m_copyback_cow(m, kTotal, 0, nullptr, M_DONTWAIT), m);
  m_freem(m);
  m_freem(copy);
  errno = 0;
  EXPECT_EQ(m_copyback_cow(Mixed(), kTotal - 10, 11, with.data(), M_DONTWAIT), nullptr);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(m_copyback_cow(Mixed(), -1, 1, with.data(), M_DONTWAIT), nullptr);
  EXPECT_EQ(m_copyback_cow(Mixed(), 0, 1, nullptr, M_DONTWAIT), nullptr);
  EXPECT_EQ(m_copyback_cow(nullptr, 0, 0, nullptr, M_DONTWAIT), nullptr);
}

TEST_F(MExtremove, TheMbufHasItsOwnBufferAgain) {
  for (Buffer buffer : {Buffer::kCluster, Buffer::kJumbo16, Buffer::kReadOnly}) {
    mbuf* m = Packet({{buffer, 0, 100}});
    mbuf* copy = m_copypacket(m, M_WAIT);
    std::string data = Bytes(m);
    EXPECT_EQ(m_extremove(m), 0);
    EXPECT_EQ(m_extremove(m), EINVAL);
    m_fixhdr(m);
    ExpectChain(m, "");
    EXPECT_EQ(M_TRAILINGSPACE(m), MHLEN);
    EXPECT_TRUE(m->m_flags & M_PKTHDR);
    ExpectChain(copy, data);
    MEXTREMOVE(copy);
    EXPECT_EQ(copy->m_len, 0);
    EXPECT_EQ(ExternalInUse(), 0);
    m_freem(copy);
    m_freem(m);
  }
  mbuf* m = m_getcl(M_DONTWAIT, MT_DATA, 0);
  EXPECT_EQ(m_extremove(m), 0);
  m_freem(m);
  EXPECT_EQ(m_extremove(nullptr), EINVAL);
}

TEST_F(MZeroize, EveryByteOfTheBuffersIsZero) {
  mbuf* m =
      Packet({{Buffer::kSmall, 10, 100}, {Buffer::kCluster, 500, 1000}, {Buffer::kPage, 0, 0}});
  EXPECT_EQ(m_zeroize(m), 0);
  EXPECT_TRUE(Buffers(m) == std::string(MHLEN + MCLBYTES + MJUMPAGESIZE, 0));
  EXPECT_EQ(m->m_next->m_len, 1000);
  EXPECT_TRUE(m_sanity(m, 0));
  m_freem(m);
}

TEST_F(MZeroize, WhatIsSharedOrReadOnlyIsLeftAndReported) {
  mbuf* m =
      Packet({{Buffer::kCluster, 0, 100}, {Buffer::kReadOnly, 0, 10}, {Buffer::kSmall, 0, 9}});
  mbuf* copy = m_copym(m, 0, 100, M_WAIT);
  std::string data = Bytes(m);
  EXPECT_EQ(m_zeroize(m), EBUSY);
  ExpectChain(m, data.substr(0, 110) + std::string(9, 0));
  m_freem(copy);
  m_freem(m);
  EXPECT_EQ(m_zeroize(nullptr), EINVAL);
}

}  // namespace
}  // namespace weir
