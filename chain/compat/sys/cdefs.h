// The system's <sys/cdefs.h>, and macros that stand at the top of BSD sources. Group CDEFS; the
// groups are explained in sys/mbuf.h.
#pragma GCC system_header

// BSD sources use the system's BSD names, which -std=c11 alone would hide.
#if !defined(WEIR_COMPAT_NO_CDEFS) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#endif

#include_next <sys/cdefs.h>

#ifndef WEIR_COMPAT_SYS_CDEFS_H_
#define WEIR_COMPAT_SYS_CDEFS_H_
#if !defined(WEIR_COMPAT_NO_CDEFS) && !defined(__cplusplus)

#ifndef __P
#define __P(args) args
#endif
// Version strings; a declaration, so that the semicolon has something to end.
#ifndef __FBSDID
#define __FBSDID(id) struct weir_compat_id
#endif
#ifndef __RCSID
#define __RCSID(id) struct weir_compat_id
#endif
#ifndef __KERNEL_RCSID
#define __KERNEL_RCSID(n, id) struct weir_compat_id
#endif
#ifndef __packed
#define __packed __attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(n) __attribute__((__aligned__(n)))
#endif
#ifndef __predict_true
#define __predict_true(c) __builtin_expect((c) != 0, 1)
#define __predict_false(c) __builtin_expect((c) != 0, 0)
#endif

#endif  // WEIR_COMPAT_NO_CDEFS
#endif  // WEIR_COMPAT_SYS_CDEFS_H_
