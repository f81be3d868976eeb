// What weir says when its process ends.
#ifndef WEIR_CHAIN_REPORT_H_
#define WEIR_CHAIN_REPORT_H_

namespace weir {

// If weir was used: with WEIR_STATS=1 in the environment, prints on stderr what netstat -m prints;
// with WEIR_HOLDERS=1, who holds what is still in use.
void ReportAtExit();

}  // namespace weir

#endif  // WEIR_CHAIN_REPORT_H_
