#include "weir/stats/text.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/stats_sample.h"

namespace {

TEST(Text, LooksLikeNetstat) {
  EXPECT_EQ(weir::RenderText(SampleSnapshot()),
            "6/250/256 mbufs in use (current/cache/total)\n"
            "20/11/31/1000 mbuf clusters in use (current/cache/total/max)\n"
            "0/0 mbuf+clusters out of packet secondary zone in use (current/cache)\n"
            "0/0/0/500 4k (page size) jumbo clusters in use (current/cache/total/max)\n"
            "0/0/0/200 9k jumbo clusters in use (current/cache/total/max)\n"
            "0/0/0/100 16k jumbo clusters in use (current/cache/total/max)\n"
            "41K/86K/128K bytes allocated to network (current/cache/total)\n"
            "0/7/0 requests for mbufs denied (mbufs/clusters/mbuf+clusters)\n"
            "0/4/0 requests for mbufs delayed (mbufs/clusters/mbuf+clusters)\n"
            "0/0/0 requests for jumbo clusters delayed (4k/9k/16k)\n"
            "0/0/0 requests for jumbo clusters denied (4k/9k/16k)\n"
            "6 mbufs in use:\n"
            "\t3 mbufs allocated to data\n"
            "\t1 mbuf allocated to packet headers\n"
            "\t2 mbufs allocated to <mbuf type 200>\n"
            "128 Kbytes allocated to network (32% in use)\n"
            "7 requests for memory denied\n"
            "1 requests for memory delayed\n"
            "5 calls to protocol drain routines\n");
}

TEST(Text, NothingInUseIsNotDividedBy) {
  weir_snapshot s;
  weir_snapshot_clear(&s);
  const std::string text = weir::RenderText(s);
  EXPECT_NE(text.find("0 mbufs in use:\n0 Kbytes allocated to network (0% in use)\n"),
            std::string::npos)
      << text;
}

TEST(Text, EachZoneHasALineOfEachTable) {
  const std::string tables = weir::RenderZones(SampleSnapshot());
  EXPECT_NE(tables.find("\ncluster      2048       1000         20         2         4         5"
                        "         31\n"),
            std::string::npos)
      << tables;
  EXPECT_NE(tables.find("\ncluster            64               520         7         4          9"
                        "         2\n"),
            std::string::npos)
      << tables;
  size_t lines = 0;
  for (size_t at = 0; at < tables.size(); ++lines) {
    const size_t end = tables.find('\n', at);
    EXPECT_EQ(end - at, lines == 1 + WEIR_NZONES ? 0u : 80u) << tables.substr(at, end - at);
    at = end + 1;
  }
  EXPECT_EQ(lines, 2 * (1u + WEIR_NZONES) + 1);
}

}  // namespace
