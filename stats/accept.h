// Which format of /metrics a client asks for, from the Accept header of its request (RFC 9110).
#ifndef WEIR_STATS_ACCEPT_H_
#define WEIR_STATS_ACCEPT_H_

#include <string_view>

#include "weir/stats/prometheus_text.h"

namespace weir {

// OpenMetrics 1.0 for who names it and likes it no less than the text format, or would take nothing
// else; the text format for everybody else, also for who would take neither. Of a media range's
// parameters, q and version count; a range that makes no sense counts as not there.
PrometheusText::Format FormatFor(std::string_view accept);

}  // namespace weir

#endif  // WEIR_STATS_ACCEPT_H_
