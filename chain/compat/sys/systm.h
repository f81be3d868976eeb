// What kernel sources expect of <sys/systm.h>. Groups LIBKERN, PANIC, LOG, SPL, explained in
// sys/mbuf.h. bcopy, bzero, bcmp, printf and the like are libc's.
#pragma GCC system_header
#ifndef WEIR_COMPAT_SYS_SYSTM_H_
#define WEIR_COMPAT_SYS_SYSTM_H_

#include <sys/types.h>

#include <stdarg.h>
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#include <stdbool.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifndef WEIR_COMPAT_NO_LIBKERN
// min and max are of unsigned numbers, as in BSD.
static inline u_int min(u_int a, u_int b) { return a < b ? a : b; }
static inline u_int max(u_int a, u_int b) { return a > b ? a : b; }
static inline int imin(int a, int b) { return a < b ? a : b; }
static inline int imax(int a, int b) { return a > b ? a : b; }
static inline long lmin(long a, long b) { return a < b ? a : b; }
static inline long lmax(long a, long b) { return a > b ? a : b; }
static inline u_long ulmin(u_long a, u_long b) { return a < b ? a : b; }
static inline u_long ulmax(u_long a, u_long b) { return a > b ? a : b; }
static inline void ovbcopy(const void* from, void* to, size_t len) { memmove(to, from, len); }
#endif

#ifndef WEIR_COMPAT_NO_PANIC
__attribute__((__noreturn__, __format__(__printf__, 1, 2))) static inline void panic(
    const char* format, ...) {
  va_list args;
  va_start(args, format);
  fputs("panic: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  abort();
}

// KASSERT(c) as in NetBSD and OpenBSD, KASSERT(c, ("format", ...)) as in FreeBSD. Gone with NDEBUG.
#ifdef NDEBUG
#define KASSERT(...) ((void)0)
#else
#define KASSERT(...) \
  WEIR_COMPAT_THIRD_(__VA_ARGS__, WEIR_COMPAT_KASSERT_2_, WEIR_COMPAT_KASSERT_1_, 0)(__VA_ARGS__)
#define WEIR_COMPAT_THIRD_(a, b, c, ...) c
#define WEIR_COMPAT_KASSERT_1_(c) ((c) ? (void)0 : panic("%s:%d: %s", __FILE__, __LINE__, #c))
#define WEIR_COMPAT_KASSERT_2_(c, message) ((c) ? (void)0 : panic message)
#endif
#endif  // WEIR_COMPAT_NO_PANIC

#if !defined(WEIR_COMPAT_NO_LOG) && !defined(__cplusplus)
// Levels are those of <sys/syslog.h>; all go to stderr.
__attribute__((__format__(__printf__, 2, 3))) static inline void weir_compat_log(int level,
                                                                                 const char* format,
                                                                                 ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "<%d>", level);
  vfprintf(stderr, format, args);
  va_end(args);
}
#define log(...) weir_compat_log(__VA_ARGS__)
#endif

#ifndef WEIR_COMPAT_NO_SPL
// A chain belongs to one thread at a time; what several threads share needs a lock of its own.
static inline int splnet(void) { return 0; }
static inline int splimp(void) { return 0; }
static inline int splsoftnet(void) { return 0; }
static inline int splvm(void) { return 0; }
static inline int splclock(void) { return 0; }
static inline int splhigh(void) { return 0; }
static inline int spl0(void) { return 0; }
static inline void splx(int s) { (void)s; }
#endif

#endif  // WEIR_COMPAT_SYS_SYSTM_H_
