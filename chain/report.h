// What weir says when its process ends.
#ifndef WEIR_CHAIN_REPORT_H_
#define WEIR_CHAIN_REPORT_H_

namespace weir {

// With WEIR_STATS=1 in the environment, prints on stderr what netstat -m prints, if weir was used.
void ReportAtExit();

}  // namespace weir

#endif  // WEIR_CHAIN_REPORT_H_
