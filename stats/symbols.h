// The functions that calls are in, by name, as far as the program's symbol tables tell.
//
// Thread rule: any thread. Not in signal handlers.
#ifndef WEIR_STATS_SYMBOLS_H_
#define WEIR_STATS_SYMBOLS_H_

#include <cstddef>

namespace weir {

// "Session::Read()", or "program+0x1a2b" where there are no symbols. A NameFunction
// (stats/holders.h). Works without debug information, but not in a program that was stripped.
bool SymbolizeCall(const void* call, char* name, size_t size);

}  // namespace weir

#endif  // WEIR_STATS_SYMBOLS_H_
