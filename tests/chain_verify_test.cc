// m_sanity finds what is broken; m_print shows it.
#include <cstring>
#include <functional>

#include "tests/chain_make.h"
#include "weir/chain/inline.h"
#include "weir/chain/verify.h"

namespace weir {
namespace {

class MSanity : public ChainTest {
 protected:
  void SetUp() override {
    ChainTest::SetUp();
    m_ = Packet({{Buffer::kSmall, 5, 10}, {Buffer::kCluster, 5, 100}, {Buffer::kReadOnly, 5, 100}});
    ASSERT_EQ(m_sanity(m_, 0), 1);
  }
  void TearDown() override {
    EXPECT_EQ(m_sanity(m_, 0), 1);
    m_freem(m_);
    ChainTest::TearDown();
  }

  // Sets a field, expects the fault, and puts the field back.
  template <class T>
  void Expect(const std::string& fault, T* field, T bad) {
    T good = *field;
    *field = bad;
    const char* found = FindFault(m_);
    EXPECT_TRUE(found != nullptr && std::string(found) == fault) << fault << " / " << found;
    EXPECT_EQ(m_sanity(m_, 0), 0);
    *field = good;
  }

  mbuf* m_ = nullptr;
};

TEST_F(MSanity, NoticesDataOutsideItsBuffer) {
  Expect("m_data outside buffer", &m_->m_data, m_->m_pktdat - 1);
  Expect("m_data outside buffer", &m_->m_data, m_->m_pktdat + MHLEN + 1);
  Expect("data runs past the buffer", &m_->m_len, MHLEN - 4);
  Expect("m_len is negative", &m_->m_len, -1);
  mbuf* n = m_->m_next;
  Expect("m_data outside buffer", &n->m_data, n->m_dat);
  Expect("data runs past the buffer", &n->m_len, MCLBYTES - 4);
  Expect("data runs past the buffer", &n->m_len, INT32_MAX);
}

TEST_F(MSanity, NoticesLengthsThatDoNotAddUp) {
  Expect("m_pkthdr.len is not the sum of m_len", &m_->m_pkthdr.len, 209);
  Expect("m_pkthdr.len is not the sum of m_len", &m_->m_next->m_len, 99);
}

TEST_F(MSanity, NoticesHeadersAndQueuesBehindTheFirst) {
  mbuf* n = m_->m_next;
  Expect("M_PKTHDR behind the first mbuf", &n->m_flags, n->m_flags | M_PKTHDR);
  Expect("m_nextpkt behind the first mbuf", &n->m_nextpkt, m_);
}

TEST_F(MSanity, NoticesBadExternalStorage) {
  mbuf* n = m_->m_next;
  Expect<char*>("M_EXT without a buffer", &n->m_ext.ext_buf, nullptr);
  Expect("ext_size out of range", &n->m_ext.ext_size, 0xffffffffu);
  Expect("ext_size is not the size of this type of cluster", &n->m_ext.ext_size, 2049u);
  Expect("ext_size is not the size of this type of cluster", &n->m_ext.ext_type, uint16_t{4});
  Expect("ext_size is not the size of this type of cluster", &n->m_ext.ext_type, uint16_t{0});
  Expect("unknown ext_type", &n->m_ext.ext_type, uint16_t{77});
  Expect("unknown ext_type", &n->m_ext.ext_type, uint16_t{EXT_EXTREF + 1});
  uint32_t none = 0;
  Expect("the buffer has no reference left", &n->m_ext.ext_cnt, &none);
  Expect("the buffer is not the mbuf's own", &n->m_state, n->m_state ^ kMbufPacket);
}

TEST_F(MSanity, NoticesWhatIsNotAnMbuf) {
  Expect("not an mbuf, or overwritten", &m_->m_next->m_state, 12345u);
  Expect("mbuf is free", &m_->m_next->m_state, MbufState(m_->m_next, kMbufFree));
  Expect<int16_t>("m_type out of range", &m_->m_next->m_type, 256);
  Expect<int16_t>("m_type out of range", &m_->m_next->m_type, -1);
}

TEST_F(MSanity, NoticesALoop) {
  mbuf* last = m_last(m_);
  Expect("the chain is a loop", &last->m_next, last);
  m_->m_flags &= ~M_PKTHDR;  // a header behind the first would be noticed first
  char* data = m_->m_data;
  Expect("the chain is a loop", &last->m_next, m_);
  m_->m_flags |= M_PKTHDR;
  m_->m_data = data;
}

TEST_F(MSanity, SaysNoToNoChain) { EXPECT_EQ(m_sanity(nullptr, 0), 0); }

TEST_F(MSanity, PrintShowsEachMbufAndUpToMaxlenBytes) {
  testing::internal::CaptureStderr();
  m_print(m_, 12);
  std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_NE(shown.find("len 10, data at 5 of 160 pkthdr bcast link1 proto 0x4000, packet len 210"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("len 100, data at 5 of 2048 ext, ext type 1, refs 1"), std::string::npos);
  EXPECT_NE(shown.find("rdonly"), std::string::npos);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 5) << "three mbufs, two rows of data";
  testing::internal::CaptureStderr();
  m_print(m_, -1);
  m_print(nullptr, -1);
  shown = testing::internal::GetCapturedStderr();
  EXPECT_NE(shown.find("no mbuf"), std::string::npos);
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 3 + 1 + 7 + 7 + 1);
}

TEST_F(MSanity, PrintShowsBytesThatAreNoLettersAsDots) {
  memcpy(m_->m_data, "a\0\xff!", 4);
  testing::internal::CaptureStderr();
  m_print(m_, 4);
  std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_NE(shown.find(" 61 00 ff 21"), std::string::npos) << shown;
  EXPECT_NE(shown.find("a..!\n"), std::string::npos) << shown;
}

TEST_F(MSanity, PrintStopsAtWhatIsNotAnMbuf) {
  m_->m_next->m_state ^= 1;
  testing::internal::CaptureStderr();
  m_print(m_, 0);
  std::string shown = testing::internal::GetCapturedStderr();
  EXPECT_NE(shown.find("not an mbuf, or overwritten"), std::string::npos) << shown;
  m_->m_next->m_state ^= 1;
}

}  // namespace
}  // namespace weir
