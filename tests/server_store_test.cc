// Keys and values: what is found, what goes first, what expires.
#include "weir/server/store.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/in_use.h"
#include "weir/server/expiry.h"

namespace weir::server {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetText(const std::string& name, std::string_view value, int64_t now = 1) {
    HashedKey key(name);
    Store::Lock lock(store_, key);
    Entry* entry = lock.shard(key).SetText(key, value, now);
    store_.TrimText(lock.shard(key), entry);
  }
  void SetChain(const std::string& name, size_t size, int64_t now = 1) {
    HashedKey key(name);
    Store::Lock lock(store_, key);
    lock.shard(key).SetChain(key, Chain::from(std::string(size, 'c')), size, now);
  }
  // "-" if there is none.
  std::string Get(const std::string& name, int64_t now = 1) {
    HashedKey key(name);
    Store::Lock lock(store_, key);
    Entry* entry = lock.shard(key).Find(key, now);
    if (entry == nullptr) return "-";
    return entry->is_chain() ? entry->chain().to_string() : std::string(entry->text());
  }
  void ExpireAt(const std::string& name, int64_t at) {
    HashedKey key(name);
    Store::Lock lock(store_, key);
    lock.shard(key).SetExpiry(lock.shard(key).Find(key, 1), at);
  }

  Store store_;
};

TEST_F(StoreTest, ReplacesValuesOfAnyKind) {
  EXPECT_EQ(Get("a"), "-");
  for (size_t size : {0u, 1u, 60u, 61u, 500u, 10u, 1000u, 0u}) {
    SetText("a", std::string(size, 'x'));
    EXPECT_EQ(Get("a"), std::string(size, 'x'));
    SetChain("a", 5000);
    EXPECT_EQ(Get("a"), std::string(5000, 'c'));
    SetText("a", std::string(size, 'y'));
    EXPECT_EQ(Get("a"), std::string(size, 'y'));
  }
  EXPECT_EQ(store_.totals().keys, 1u);
  store_.Clear();
  EXPECT_EQ(store_.totals().keys, 0u);
  EXPECT_EQ(store_.text_bytes(), 0u);
  EXPECT_EQ(InUse(WEIR_ZONE_MBUF), 0);
}

TEST_F(StoreTest, TextStaysWithinItsLimit) {
  constexpr size_t kLimit = 1 << 20;
  store_.set_text_limit(kLimit);
  for (int i = 0; i < 30000; ++i) {
    SetText("key" + std::to_string(i), std::string(100, 'x'), i);
    ASSERT_EQ(Get("key" + std::to_string(i), i), std::string(100, 'x'));
  }
  EXPECT_LE(store_.text_bytes(), kLimit);
  EXPECT_GT(store_.text_bytes(), kLimit - kLimit / 32);
  store_.set_text_limit(kLimit / 4);
  store_.TrimAll();
  EXPECT_LE(store_.text_bytes(), kLimit / 4);
  EXPECT_GT(store_.text_bytes(), kLimit / 5);
  // However uneven the shards are, it was the oldest that went.
  int i = 0;
  while (Get("key" + std::to_string(i), 30000) == "-") ++i;
  for (; i < 30000; ++i) EXPECT_NE(Get("key" + std::to_string(i), 30000), "-") << i;
}

// A request may write more than the limit under one lock of all shards.
TEST_F(StoreTest, AWriteTrimsWhatItsOwnThreadHasLocked) {
  constexpr size_t kLimit = 1 << 20;
  store_.set_text_limit(kLimit);
  Store::Lock lock(store_, ~uint64_t{0});
  for (int i = 0; i < 30000; ++i) {
    std::string name = "key" + std::to_string(i);
    HashedKey key(name);
    Entry* entry = lock.shard(key).SetText(key, std::string(100, 'x'), 1);
    store_.TrimText(lock.shard(key), entry);
    ASSERT_LE(store_.text_bytes(), kLimit);
    ASSERT_EQ(entry->key(), name) << "what was written stays";
  }
}

// Else what is counted drifts away from what there is, and the limit with it.
TEST_F(StoreTest, ThreadsTogetherCountTextExactly) {
  constexpr size_t kLimit = 1 << 18;
  store_.set_text_limit(kLimit);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20000; ++i) {
        // Keys of its own, and some that all write.
        std::string name = i % 3 == 0 ? std::to_string(i % 100) : std::to_string(i * 4 + t);
        SetText(name, std::string(static_cast<size_t>(i % 300), 'x'), i);
        if (i % 50 == 0) store_.Evict(WEIR_ZONE_CLUSTER, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  store_.TrimAll();
  EXPECT_LE(store_.text_bytes(), kLimit);
  size_t entries = 0;
  store_.ForEach([&](const Entry& entry) { entries += entry.bytes(); });
  EXPECT_GT(entries, 0u);
  EXPECT_GE(store_.text_bytes(), entries);
  store_.Clear();
  EXPECT_EQ(store_.text_bytes(), 0u);
}

// Else the tables of many short values take the memory of the few that come next.
TEST_F(StoreTest, TablesShrinkAsKeysGo) {
  for (int i = 0; i < 100000; ++i) SetText("key" + std::to_string(i), "", i);
  store_.set_text_limit(1 << 20);
  store_.TrimAll();
  // Less than half of the limit, were it not for the tables.
  for (int i = 0; i < 800; ++i) SetText("new" + std::to_string(i), std::string(500, 'x'), 100000 + i);
  for (int i = 0; i < 800; ++i) EXPECT_EQ(Get("new" + std::to_string(i)).size(), 500u) << i;
}

TEST_F(StoreTest, TellsWhenAValueOfTheOtherKindWent) {
  store_.set_text_limit(1 << 20);
  SetText("text", "1");
  SetChain("chain", 2000);
  EXPECT_FALSE(store_.TakeTextWasShort());
  EXPECT_FALSE(store_.TakeWasCrossed());
  // Older: the text.
  Get("chain", 2);
  store_.Evict(WEIR_ZONE_CLUSTER, 1);
  EXPECT_TRUE(store_.TakeWasCrossed());
  EXPECT_FALSE(store_.TakeWasCrossed()) << "told once";
  EXPECT_FALSE(store_.TakeTextWasShort());

  SetChain("chain", 2000);
  store_.Evict(WEIR_ZONE_CLUSTER, 1);
  EXPECT_FALSE(store_.TakeWasCrossed()) << "the same kind";

  store_.set_text_limit(0);
  SetText("text", "1");
  store_.TrimAll();
  EXPECT_TRUE(store_.TakeTextWasShort());
  EXPECT_FALSE(store_.TakeWasCrossed());
  SetChain("chain", 2000);
  store_.TrimAll();
  EXPECT_TRUE(store_.TakeTextWasShort());
  EXPECT_TRUE(store_.TakeWasCrossed());
}

TEST_F(StoreTest, TheLeastRecentlyUsedGoFirst) {
  for (int i = 0; i < 1000; ++i) SetChain("key" + std::to_string(i), 2000, i);
  // These are old, but in use.
  for (int i = 0; i < 100; ++i) Get("key" + std::to_string(i), 1000 + i);
  long freed = store_.Evict(WEIR_ZONE_CLUSTER, 500);
  EXPECT_GE(freed, 500);
  EXPECT_LE(freed, 520);
  for (int i = 0; i < 100; ++i) EXPECT_NE(Get("key" + std::to_string(i), 2000), "-") << i;
  for (int i = 100; i < 590; ++i) EXPECT_EQ(Get("key" + std::to_string(i), 2000), "-") << i;
  for (int i = 650; i < 1000; ++i) EXPECT_NE(Get("key" + std::to_string(i), 2000), "-") << i;
}

TEST_F(StoreTest, EvictionSkipsWhatIsLocked) {
  for (int i = 0; i < 200; ++i) SetChain("key" + std::to_string(i), 2000, i);
  HashedKey key("key0");
  {
    Store::Lock lock(store_, key);
    Entry* entry = lock.shard(key).Find(key, 1);
    EXPECT_GT(store_.Evict(WEIR_ZONE_CLUSTER, 1000000), 100);
    EXPECT_EQ(entry->value_size(), 2000u) << "ours, as long as we hold the lock";
  }
  EXPECT_GE(store_.totals().keys, 1u);
  Store::Lock all(store_, ~uint64_t{0});
  EXPECT_EQ(store_.Evict(WEIR_ZONE_CLUSTER, 1000000), 0);
}

TEST_F(StoreTest, EvictionCountsOnlyWhatComesFree) {
  SetChain("shared", 2000);
  HashedKey key("shared");
  Chain copy;
  {
    Store::Lock lock(store_, key);
    copy = lock.shard(key).Find(key, 1)->chain().share();
  }
  EXPECT_EQ(store_.Evict(WEIR_ZONE_CLUSTER, 1), 0);
  EXPECT_EQ(Get("shared"), "-");
  EXPECT_EQ(copy.to_string(), std::string(2000, 'c'));
}

TEST_F(StoreTest, WhatHasExpiredIsNotFound) {
  SetText("a", "1");
  ExpireAt("a", 100);
  EXPECT_EQ(Get("a", 99), "1");
  EXPECT_EQ(store_.totals().expiring, 1u);
  EXPECT_EQ(Get("a", 100), "-");
  EXPECT_EQ(store_.totals().keys, 0u);
  EXPECT_EQ(store_.totals().expiring, 0u);
}

TEST_F(StoreTest, WhatHasExpiredGoesUnasked) {
  for (int i = 0; i < 5000; ++i) {
    SetText("key" + std::to_string(i), "v");
    if (i % 2 == 0) ExpireAt("key" + std::to_string(i), 100);
  }
  for (int i = 0; i < 1000 && store_.totals().keys > 2500; ++i) store_.RemoveExpired(200);
  EXPECT_EQ(store_.totals().keys, 2500u);
  EXPECT_EQ(store_.totals().expiring, 0u);
  EXPECT_EQ(store_.expired(), 2500u);
}

TEST(ExpiryTest, PointsInTime) {
  EXPECT_EQ(PointInTime(5, {.seconds = true, .absolute = false}, 1000), 6000);
  EXPECT_EQ(PointInTime(5, {.seconds = false, .absolute = false}, 1000), 1005);
  EXPECT_EQ(PointInTime(5, {.seconds = true, .absolute = true}, 1000), 5000);
  EXPECT_EQ(PointInTime(INT64_MAX / 1000 + 1, {.seconds = true, .absolute = true}, 0),
            std::nullopt);
  EXPECT_EQ(PointInTime(INT64_MAX, {.seconds = false, .absolute = false}, 1), std::nullopt);
}

}  // namespace
}  // namespace weir::server
