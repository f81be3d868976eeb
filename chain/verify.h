// Whether a chain is sound, with the reason.
#ifndef WEIR_CHAIN_VERIFY_H_
#define WEIR_CHAIN_VERIFY_H_

#include "weir/chain/mbuf.h"

namespace weir {

// What is wrong with the chain, in words; NULL if nothing is. m_sanity with the reason. Borrows m.
const char* FindFault(const mbuf* m);

}  // namespace weir

#endif  // WEIR_CHAIN_VERIFY_H_
