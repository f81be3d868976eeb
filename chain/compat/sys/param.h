// The system's <sys/param.h>, and what FreeBSD's has besides. Group PARAM; the groups are explained
// in sys/mbuf.h.
#pragma GCC system_header
#include_next <sys/param.h>
#include <sys/types.h>

#ifndef WEIR_COMPAT_SYS_PARAM_H_
#define WEIR_COMPAT_SYS_PARAM_H_
#if !defined(WEIR_COMPAT_NO_PARAM) && !defined(__cplusplus)

#ifndef rounddown
#define rounddown(x, y) (((x) / (y)) * (y))
#endif
#ifndef roundup2  // y: a power of two
#define roundup2(x, y) (((x) + ((y)-1)) & ~((y)-1))
#endif
#ifndef rounddown2
#define rounddown2(x, y) ((x) & ~((y)-1))
#endif
#ifndef nitems
#define nitems(x) (sizeof(x) / sizeof((x)[0]))
#endif

#endif  // WEIR_COMPAT_NO_PARAM
#endif  // WEIR_COMPAT_SYS_PARAM_H_
