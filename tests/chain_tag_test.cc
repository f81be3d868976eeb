// m_tag_*.
#include <cerrno>
#include <cstring>

#include "tests/chain_make.h"

namespace weir {
namespace {

class MTag : public ChainTest {
 protected:
  void SetUp() override {
    ChainTest::SetUp();
    m_ = Packet({{Buffer::kSmall, 0, 10}});
    for (int id = 1; id <= 4; ++id) AddTag(m_, id, std::string(static_cast<size_t>(id), 'x'));
  }
  void TearDown() override {
    m_freem(m_);
    ChainTest::TearDown();
  }

  mbuf* m_ = nullptr;
};

TEST_F(MTag, IsFoundByCookieAndId) {
  m_tag* t = m_tag_locate(m_, 7, 2, nullptr);
  ASSERT_NE(t, nullptr);
  EXPECT_EQ(t->m_tag_len, 2);
  EXPECT_EQ(m_tag_locate(m_, 8, 2, nullptr), nullptr);
  EXPECT_EQ(m_tag_locate(m_, 7, 5, nullptr), nullptr);
  AddTag(m_, 2, "another");
  t = m_tag_locate(m_, 7, 2, nullptr);
  EXPECT_EQ(t->m_tag_len, 7);
  t = m_tag_locate(m_, 7, 2, t);
  ASSERT_NE(t, nullptr) << "the search goes on behind the one given";
  EXPECT_EQ(t->m_tag_len, 2);
  EXPECT_EQ(m_tag_locate(m_, 7, 2, t), nullptr);
}

TEST_F(MTag, OfTheOldKindIsFoundById) {
  m_tag* t = m_tag_get(33, 0, M_WAIT);
  ASSERT_EQ(m_tag_prepend(m_, t), 0);
  EXPECT_EQ(m_tag_find(m_, 33, nullptr), t);
  EXPECT_EQ(m_tag_find(m_, 2, nullptr), nullptr);
}

TEST_F(MTag, UnlinkGivesItToTheCaller) {
  m_tag* t = m_tag_locate(m_, 7, 2, nullptr);
  EXPECT_EQ(m_tag_unlink(m_, t), 0);
  EXPECT_EQ(Tags(m_), "4:xxxx 3:xxx 1:x ");
  EXPECT_EQ(m_tag_unlink(m_, t), EINVAL);
  EXPECT_EQ(m_tag_delete(m_, t), EINVAL);
  m_tag_free(t);
}

TEST_F(MTag, DeleteChainTakesTheRestOrAll) {
  EXPECT_EQ(m_tag_delete(m_, m_tag_locate(m_, 7, 4, nullptr)), 0);
  EXPECT_EQ(Tags(m_), "3:xxx 2:xx 1:x ");
  EXPECT_EQ(m_tag_delete_chain(m_, m_tag_locate(m_, 7, 2, nullptr)), 0);
  EXPECT_EQ(Tags(m_), "3:xxx ");
  EXPECT_EQ(m_tag_delete_chain(m_, nullptr), 0);
  EXPECT_EQ(Tags(m_), "");
}

TEST_F(MTag, PersistentOnesSurviveDeleteNonpersistent) {
  AddTag(m_, MTAG_PERSISTENT | 1, "a");
  AddTag(m_, 5, "b");
  AddTag(m_, MTAG_PERSISTENT | 2, "c");
  EXPECT_EQ(m_tag_delete_nonpersistent(m_), 0);
  EXPECT_EQ(Tags(m_), "2050:c 2049:a ");
}

int freed = 0;
void CountFree(m_tag* t) {
  ++freed;
  m_tag_free_default(t);
}

TEST_F(MTag, ItsFreeCallbackRunsOnceAndNotForCopies) {
  freed = 0;
  m_tag_first(m_)->m_tag_free = CountFree;
  mbuf* n = m_copypacket(m_, M_WAIT);
  m_freem(n);
  EXPECT_EQ(freed, 0);
  m_tag_delete_chain(m_, nullptr);
  EXPECT_EQ(freed, 1);
}

TEST_F(MTag, TheFreeCallbackMeetsNoFreedTagInTheList) {
  static mbuf* packet;
  packet = m_;
  m_tag_locate(m_, 7, 3, nullptr)->m_tag_free = [](m_tag* t) {
    EXPECT_EQ(Tags(packet), "");
    m_tag_free_default(t);
  };
  m_tag_delete_chain(m_, nullptr);
}

TEST_F(MTag, CopyChainReplacesAndKeepsOrder) {
  mbuf* n = Packet({{}});
  AddTag(n, 9, "old");
  EXPECT_EQ(m_tag_copy_chain(n, m_, M_DONTWAIT), 1);
  EXPECT_EQ(Tags(n), "4:xxxx 3:xxx 2:xx 1:x ");
  m_freem(n);
}

TEST_F(MTag, AFailedCopyChainIsReportedAndLeavesNone) {
  auto make = [] {
    mbuf* n = Packet({{}});
    AddTag(n, 9, "old");
    return n;
  };
  int failures = ForEachFailure(make, [&](mbuf* n) {
    bool done = m_tag_copy_chain(n, m_, M_DONTWAIT) == 1;
    if (!done) {
      EXPECT_EQ(errno, ENOBUFS);
    }
    EXPECT_EQ(Tags(n), done ? Tags(m_) : "");
    m_freem(n);
    return done;
  });
  EXPECT_EQ(failures, 4);
}

TEST_F(MTag, BadArgumentsAreRefused) {
  for (int bad : {-1, 65536, 1 << 30}) {
    errno = 0;
    EXPECT_EQ(m_tag_alloc(7, bad, 0, M_WAIT), nullptr);
    EXPECT_EQ(m_tag_alloc(7, 0, bad, M_WAIT), nullptr);
    EXPECT_EQ(errno, EINVAL);
  }
  m_tag* t = m_tag_alloc(7, 65535, 65535, M_WAIT);
  ASSERT_NE(t, nullptr);
  memset(t + 1, 1, 65535);
  mbuf* plain = Chain({{}});
  EXPECT_EQ(m_tag_prepend(plain, t), EINVAL);
  EXPECT_EQ(m_tag_prepend(nullptr, t), EINVAL);
  EXPECT_EQ(m_tag_prepend(m_, nullptr), EINVAL);
  EXPECT_EQ(m_tag_unlink(plain, t), EINVAL);
  EXPECT_EQ(m_tag_delete_chain(plain, nullptr), EINVAL);
  EXPECT_EQ(m_tag_delete_chain(m_, t), EINVAL) << "not one of m_'s";
  EXPECT_EQ(m_tag_delete_nonpersistent(nullptr), EINVAL);
  EXPECT_EQ(m_tag_copy_chain(plain, m_, M_WAIT), 0);
  EXPECT_EQ(m_tag_copy_chain(m_, plain, M_WAIT), 0);
  EXPECT_EQ(m_tag_copy(nullptr, M_WAIT), nullptr);
  EXPECT_EQ(m_tag_first(plain), nullptr);
  EXPECT_EQ(m_tag_next(m_, nullptr), nullptr);
  EXPECT_EQ(m_tag_locate(nullptr, 7, 1, nullptr), nullptr);
  m_tag_free(nullptr);
  m_tag_free(t);
  m_freem(plain);
  EXPECT_EQ(Tags(m_), "4:xxxx 3:xxx 2:xx 1:x ");
}

}  // namespace
}  // namespace weir
