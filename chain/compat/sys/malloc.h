// The kernel's malloc(size, type, flags) and free(p, type), on top of libc's. Group MALLOC,
// explained in sys/mbuf.h.
//
// They are macros that count their arguments: malloc(size) and free(p) stay libc's, and so do
// pointers to them. Types are not looked at and need not be declared. A member named free that
// takes two or three arguments is called as (p->free)(a, b).
#pragma GCC system_header
#ifndef WEIR_COMPAT_SYS_MALLOC_H_
#define WEIR_COMPAT_SYS_MALLOC_H_
#if !defined(WEIR_COMPAT_NO_MALLOC) && !defined(__cplusplus)

#include <stdio.h>
#include <stdlib.h>

#include <sys/types.h>

#include "weir/chain/mbuf.h"  // M_WAITOK, M_NOWAIT

#define M_ZERO 0x0100  // zeroed memory

// NULL only with M_NOWAIT; else it aborts, as no caller checks.
static inline void* weir_compat_malloc(size_t size, int flags) {
  void* p = flags & M_ZERO ? calloc(1, size) : malloc(size);
  if (p == NULL && size != 0 && !(flags & M_NOWAIT)) {
    fprintf(stderr, "malloc: no memory for %zu bytes\n", size);
    abort();
  }
  return p;
}

#define malloc(...)                                                                       \
  WEIR_COMPAT_FOURTH_(__VA_ARGS__, WEIR_COMPAT_MALLOC_, weir_no_malloc_of_two, malloc, 0) \
  (__VA_ARGS__)
#define free(...)                                                                 \
  WEIR_COMPAT_FOURTH_(__VA_ARGS__, WEIR_COMPAT_FREE_, WEIR_COMPAT_FREE_, free, 0) \
  (__VA_ARGS__)
#define WEIR_COMPAT_FOURTH_(a, b, c, d, ...) d
#define WEIR_COMPAT_MALLOC_(size, type, flags) weir_compat_malloc((size), (flags))
#define WEIR_COMPAT_FREE_(p, ...) free(p)  // OpenBSD's has the size as well

#define MALLOC(p, cast, size, type, flags) ((p) = (cast)weir_compat_malloc((size), (flags)))
#define FREE(p, type) free((void*)(p))
#define MALLOC_DEFINE(type, name, description) struct weir_compat_type
#define MALLOC_DECLARE(type) struct weir_compat_type

// For MEXTADD, which does look at its type.
#define M_MBUF 1
#define M_DEVBUF 2
#define M_TEMP 3

#endif  // WEIR_COMPAT_NO_MALLOC
#endif  // WEIR_COMPAT_SYS_MALLOC_H_
