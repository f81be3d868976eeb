// Tells AddressSanitizer which memory may be touched. Nothing in other builds. And which sanitizer
// is there.
#ifndef WEIR_ALLOC_SANITIZE_H_
#define WEIR_ALLOC_SANITIZE_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define WEIR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define WEIR_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEIR_TSAN 1
#endif
#endif

// For a function that looks at the stack, where AddressSanitizer keeps zones that nobody may touch.
#define WEIR_UNWATCHED __attribute__((__no_sanitize__("address")))

namespace weir {
// ThreadSanitizer ends a fork's child that starts a thread.
#ifdef WEIR_TSAN
inline constexpr bool kThreadsWatched = true;
#else
inline constexpr bool kThreadsWatched = false;
#endif
}  // namespace weir

#ifdef WEIR_ASAN
#include <sanitizer/asan_interface.h>
namespace weir {
inline void Poison(void* p, size_t n) { ASAN_POISON_MEMORY_REGION(p, n); }
inline void Unpoison(void* p, size_t n) { ASAN_UNPOISON_MEMORY_REGION(p, n); }
}  // namespace weir
#else
namespace weir {
inline void Poison(void*, size_t) {}
inline void Unpoison(void*, size_t) {}
}  // namespace weir
#endif

#endif  // WEIR_ALLOC_SANITIZE_H_
