// The system's <sys/types.h>, and BSD's names of types where it hides them. Group TYPES; the
// groups are explained in sys/mbuf.h.
#pragma GCC system_header
#include <sys/cdefs.h>
#include_next <sys/types.h>

#ifndef WEIR_COMPAT_SYS_TYPES_H_
#define WEIR_COMPAT_SYS_TYPES_H_
// Not hidden, unless another header came first under -std=c11.
#if !defined(WEIR_COMPAT_NO_TYPES) && !defined(__USE_MISC)

typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef __uint8_t u_int8_t;
typedef __uint16_t u_int16_t;
typedef __uint32_t u_int32_t;
typedef __uint64_t u_int64_t;
typedef __quad_t quad_t;
typedef __u_quad_t u_quad_t;
typedef __caddr_t caddr_t;

#endif  // WEIR_COMPAT_NO_TYPES
#endif  // WEIR_COMPAT_SYS_TYPES_H_
