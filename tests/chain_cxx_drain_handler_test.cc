// weir::DrainHandler: registered as long as it lives.
#include "weir/chain/drain_handler.h"

#include <utility>

#include "gtest/gtest.h"
#include "weir/chain/mbuf.h"

namespace weir {
namespace {

struct Counting {
  long Drain(int zone, long) {
    last_zone = zone;
    ++calls;
    return 3;
  }
  int calls = 0;
  int last_zone = 0;
};

TEST(DrainHandlerTest, IsCalledWhileItLives) {
  Counting counting;
  {
    auto handler = DrainHandler::of<&Counting::Drain>(DrainHandler::kProtocol, "test", &counting);
    EXPECT_TRUE(handler);
    EXPECT_EQ(m_reclaim(M_DONTWAIT), 3);
    EXPECT_EQ(counting.calls, 1);
    EXPECT_EQ(counting.last_zone, -1);
  }
  EXPECT_EQ(m_reclaim(M_DONTWAIT), 0);
  EXPECT_EQ(counting.calls, 1);
}

TEST(DrainHandlerTest, MovesAndEndsEarly) {
  Counting counting;
  auto first = DrainHandler::of<&Counting::Drain>(DrainHandler::kInterface, "test", &counting);
  DrainHandler second = std::move(first);
  EXPECT_FALSE(first);
  m_reclaim(M_DONTWAIT);
  EXPECT_EQ(counting.calls, 1);
  DrainHandler third;
  third = std::move(second);
  DrainHandler& self = third;
  third = std::move(self);
  m_reclaim(M_DONTWAIT);
  EXPECT_EQ(counting.calls, 2);
  third.reset();
  EXPECT_FALSE(third);
  m_reclaim(M_DONTWAIT);
  EXPECT_EQ(counting.calls, 2);
}

TEST(DrainHandlerTest, TakesAPlainFunction) {
  int calls = 0;
  DrainHandler handler(
      DrainHandler::kProtocol, "test",
      [](void* arg, int, long) -> long {
        ++*static_cast<int*>(arg);
        return 0;
      },
      &calls);
  m_reclaim(M_DONTWAIT);
  EXPECT_EQ(calls, 1);
}

// The handler may end itself while it runs.
struct Ending {
  DrainHandler handler;
  int calls = 0;
  long Drain(int, long) {
    ++calls;
    handler.reset();
    return 1;
  }
};

TEST(DrainHandlerTest, MayEndItselfFromInside) {
  Ending ending;
  ending.handler = DrainHandler::of<&Ending::Drain>(DrainHandler::kProtocol, "test", &ending);
  EXPECT_EQ(m_reclaim(M_DONTWAIT), 1);
  EXPECT_EQ(m_reclaim(M_DONTWAIT), 0);
  EXPECT_EQ(ending.calls, 1);
}

}  // namespace
}  // namespace weir
