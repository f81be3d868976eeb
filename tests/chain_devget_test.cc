// m_devget, m_devget_trailer.
#include <cerrno>
#include <climits>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MDevget : public ChainTest {};

size_t copied = 0;
void CountingCopy(const void* from, void* to, size_t len) {
  copied += len;
  memcpy(to, from, len);
}

ifnet* const kInterface = reinterpret_cast<ifnet*>(0x1234);

TEST_F(MDevget, EverySizeArrivesWhole) {
  for (int len : {1, MHLEN, MHLEN + 1, MLEN, MCLBYTES, MCLBYTES + 1, MCLBYTES + MLEN + 1, 9000}) {
    for (int off : {0, 2, 16, MHLEN}) {
      std::string data = Pattern(static_cast<size_t>(len));
      mbuf* m = m_devget(data.data(), len, off, kInterface, nullptr);
      ASSERT_NE(m, nullptr);
      ExpectChain(m, data);
      EXPECT_EQ(m->m_pkthdr.len, len);
      EXPECT_EQ(m->m_pkthdr.rcvif, kInterface);
      m_freem(m);
    }
  }
}

TEST_F(MDevget, OffIsTheOffsetOfTheDataInTheFirstMbuf) {
  for (int len : {10, MHLEN, 5000}) {
    for (int off : {0, 2, 14, MHLEN}) {
      std::string data = Pattern(static_cast<size_t>(len));
      mbuf* m = m_devget(data.data(), len, off, nullptr, nullptr);
      EXPECT_EQ(m->m_data - M_START(m), off);
      EXPECT_EQ(M_LEADINGSPACE(m), off);
      m_freem(m);
    }
  }
}

TEST_F(MDevget, WhatFitsAnMbufWithItsOffsetTakesNoCluster) {
  std::string data = Pattern(1000);
  mbuf* m = m_devget(data.data(), MHLEN - 2, 2, nullptr, nullptr);
  EXPECT_FALSE(m->m_flags & M_EXT);
  m_freem(m);
  m = m_devget(data.data(), MHLEN - 1, 2, nullptr, nullptr);
  EXPECT_TRUE(m->m_flags & M_EXT);
  m_freem(m);
}

TEST_F(MDevget, TheCopyHookMovesEveryByteOnce) {
  std::string data = Pattern(5000);
  copied = 0;
  mbuf* m = m_devget(data.data(), 5000, 0, nullptr, CountingCopy);
  EXPECT_EQ(copied, 5000u);
  ExpectChain(m, data);
  m_freem(m);
}

TEST_F(MDevget, NothingToGetIsEinvalAndLeaksNothing) {
  char buf[8] = {};
  for (int len : {0, -1, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_devget(buf, len, 0, nullptr, nullptr), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(m_devget_trailer(buf, len, 0, nullptr, nullptr), nullptr);
    EXPECT_EQ(m_devget_trailer(buf, len, 8, nullptr, nullptr), nullptr);
  }
  EXPECT_EQ(m_devget_trailer(buf, 4, 1, nullptr, nullptr), nullptr) << "only type and length";
  EXPECT_EQ(m_devget(nullptr, 8, 0, nullptr, nullptr), nullptr);
  EXPECT_EQ(m_devget_trailer(nullptr, 8, 0, nullptr, nullptr), nullptr);
}

TEST_F(MDevget, AnOffsetOutOfRangeIsEinval) {
  char buf[8] = {};
  for (int off : {-1, MHLEN + 1, INT_MAX, INT_MIN}) {
    errno = 0;
    EXPECT_EQ(m_devget(buf, 8, off, nullptr, nullptr), nullptr);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(m_devget_trailer(buf, 8, off, nullptr, nullptr), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
}

TEST_F(MDevget, ATrailerIsMovedInFrontAsIn1999) {
  for (int len : {20, 3000}) {
    std::string data = Pattern(static_cast<size_t>(len));
    for (int off = 1; off <= len - 4; off += 7) {
      size_t at = static_cast<size_t>(off);
      copied = 0;
      mbuf* m = m_devget_trailer(data.data(), len, off, kInterface, CountingCopy);
      ExpectChain(m, data.substr(at + 4) + data.substr(0, at));
      EXPECT_EQ(copied, static_cast<size_t>(len) - 4);
      EXPECT_EQ(m->m_pkthdr.rcvif, kInterface);
      m_freem(m);
    }
    mbuf* m = m_devget_trailer(data.data(), len, 0, nullptr, nullptr);
    ExpectChain(m, data);
    m_freem(m);
  }
}

TEST_F(MDevget, ASmallTrailerPacketHasRoomForALinkHeader) {
  std::string data = Pattern(MHLEN + 1);
  mbuf* m = m_devget_trailer(data.data(), MHLEN - max_linkhdr, 0, nullptr, nullptr);
  EXPECT_EQ(M_LEADINGSPACE(m), max_linkhdr);
  m_freem(m);
  m = m_devget_trailer(data.data(), MHLEN - max_linkhdr + 1, 0, nullptr, nullptr);
  EXPECT_EQ(M_LEADINGSPACE(m), 0);
  m_freem(m);
}

}  // namespace
}  // namespace weir
