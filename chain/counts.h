// Counts of failed operations, summed over all threads by weir_snapshot().
#ifndef WEIR_CHAIN_COUNTS_H_
#define WEIR_CHAIN_COUNTS_H_

namespace weir {

// One more failure of m_copym or m_copypacket; of m_pullup. Any thread, wait-free.
void CountCopyFailure();
void CountPullupFailure();

}  // namespace weir

#endif  // WEIR_CHAIN_COUNTS_H_
