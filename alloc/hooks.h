// What is done to an object as it becomes free and as it is handed out: nothing, unless this is
// the check flavour (fill and verify) or AddressSanitizer is watching (poison).
#ifndef WEIR_ALLOC_HOOKS_H_
#define WEIR_ALLOC_HOOKS_H_

#include "weir/alloc/layout.h"
#include "weir/alloc/sanitize.h"

namespace weir {

#ifdef WEIR_CHECK
// Fills a free object with a pattern; verifies it, and aborts naming the first byte that changed.
void FillFree(int zone, void* object);
void VerifyFree(int zone, const void* object);
#else
inline void FillFree(int, void*) {}
inline void VerifyFree(int, const void*) {}
#endif

inline void OnFree(int zone, void* object) {
  FillFree(zone, object);
  Poison(static_cast<char*>(object) + kPoisonFrom[zone], kObjectBytes[zone] - kPoisonFrom[zone]);
}

inline void OnAlloc(int zone, void* object) {
  Unpoison(object, kObjectBytes[zone]);
  VerifyFree(zone, object);
}

}  // namespace weir

#endif  // WEIR_ALLOC_HOOKS_H_
