// The check flavour: what is free is filled, and writes to it are found.
#include <gtest/gtest.h>

#include "weir/alloc/alloc.h"
#include "weir/alloc/pools.h"

namespace weir {
namespace {

constexpr int kZone = WEIR_ZONE_CLUSTER;

#ifndef WEIR_ASAN  // which reports the write itself
TEST(CheckDeathTest, WriteToAFreeObjectIsFoundWhenItIsAllocated) {
  EXPECT_DEATH(
      {
        char* object = static_cast<char*>(Alloc(kZone, 0, kNoWait));
        Free(kZone, 0, object);
        object[100] = 'x';
        for (int i = 0; i < 16; ++i) Alloc(kZone, 0, kNoWait);
      },
      "zone cluster: 0x[0-9a-f]+ was written to while it was free: byte 100 is 0x78");
}
#endif

TEST(Check, ObjectsComeFilled) {
  auto* object = static_cast<unsigned char*>(Alloc(kZone, 0, kNoWait));
  ASSERT_NE(object, nullptr);
  for (size_t i = 0; i < kObjectBytes[kZone]; ++i) ASSERT_EQ(object[i], object[0]);
  EXPECT_NE(object[0], 0) << "a forgotten initialisation should not look like zero";
  Free(kZone, 0, object);
}

}  // namespace
}  // namespace weir
