#include "weir/stats/accept.h"

#include <gtest/gtest.h>

namespace {

using Format = weir::PrometheusText::Format;
using weir::FormatFor;

TEST(Accept, OpenMetricsIsForWhoNamesItAndLikesItNoLess) {
  for (const char* accept : {
           // Debian's Prometheus, Prometheus 3, and clients that say little.
           "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
           "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
           "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
           "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
           "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
           "application/openmetrics-text",
           "text/plain, application/openmetrics-text",
           "application/openmetrics-text;q=0.5, */*;q=0.5",
           "Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.9 , text/plain;q=0.8",
           "application/openmetrics-text; charset=utf-8; version=1.0.0",
           "application/*",
           "text/plain;q=0, */*",
           "text/*;q=0.3, application/openmetrics-text;q=0.4",
       }) {
    EXPECT_EQ(FormatFor(accept), Format::kOpenMetrics) << accept;
  }
}

TEST(Accept, TextIsForEverybodyElse) {
  for (const char* accept : {
           "",
           "*/*",
           "text/plain",
           "text/*",
           // A browser.
           "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
           // Who likes text better, or OpenMetrics not at all, or another version of it.
           "application/openmetrics-text;q=0.5, text/plain;q=0.6",
           "application/openmetrics-text;q=0.5, text/plain;version=0.0.4",
           "application/openmetrics-text;q=0, */*",
           "application/openmetrics-text;q=0.000, text/plain;q=0.1",
           "application/openmetrics-text;version=0.0.1",
           "application/openmetrics-text;version=2.0.0",
           // The closest range decides, wherever it stands.
           "application/openmetrics-text;version=1.0.0;q=0.1, application/*, text/plain;q=0.2",
           "application/*;q=0.1, text/*;q=0.2",
           // Who would take neither.
           "application/json",
           "text/plain;q=0",
           "text/plain;version=1.0.0",
           // Names that only begin or end alike.
           "application/openmetrics-text2",
           "xapplication/openmetrics-text",
           "application/vnd.google.protobuf;note=application/openmetrics-text",
           // What makes no sense.
           "application/openmetrics-text;q=2",
           "application/openmetrics-text;q=-1",
           "application/openmetrics-text;q=nan",
           "application/openmetrics-text;q=",
           "application/openmetrics-text;q",
           ",,;;,",
           ";q=1",
           "=",
       }) {
    EXPECT_EQ(FormatFor(accept), Format::kPrometheus) << accept;
  }
}

}  // namespace
