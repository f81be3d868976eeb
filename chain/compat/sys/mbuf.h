// What BSD sources mean by <sys/mbuf.h>: weir's mbufs. To compile such sources, put this folder's
// parent (include/weir/compat where weir is installed) in front of the system's headers with -I.
// As C, of gnu89 (with function definitions in the style of K&R) and later, or as C++.
//
// The folder holds one short header for each BSD header that Linux lacks, or whose Linux namesake
// lacks something. A namesake still gives all that the system's gives. sys/socket.h, sys/errno.h,
// sys/syslog.h, net/if.h and netinet/*.h are the system's.
//
// Each header adds its names when it is included, in groups. -DWEIR_COMPAT_NO_<GROUP> leaves one
// out; weir's own headers include none of this, and so add no such name to any program.
//
//   group      header        adds
//   CDEFS      sys/cdefs.h   __P __FBSDID __KERNEL_RCSID __packed __predict_true ... (C only)
//   TYPES      sys/types.h   u_char ... caddr_t quad_t, where -std=c11 would hide the system's
//   PARAM      sys/param.h   rounddown roundup2 rounddown2 nitems (C only)
//   LIBKERN    sys/systm.h   min max imin imax lmin lmax ulmin ulmax ovbcopy
//   PANIC      sys/systm.h   panic KASSERT
//   LOG        sys/systm.h   log(level, ...), a macro that <math.h> cannot be with (C only)
//   SPL        sys/systm.h   splnet splimp splx ..., which do nothing: nothing interrupts
//   MALLOC     sys/malloc.h  malloc and free with a type, beside libc's; MALLOC FREE ... (C only)
//   QUEUE      sys/queue.h   the *_FOREACH_SAFE loops
//   KERNEL     sys/kernel.h  hz and tick, which the program defines
//              sys/proc.h, sys/protosw.h, sys/domain.h: the name of a struct
//   OLD_NAMES  sys/mbuf.h    names of 4.4BSD and NetBSD that mbuf(9) of today lacks
//
// M_WAITOK and M_NOWAIT are weir's in malloc as well as in m_get. docs/porting.md says what is
// different and what is not there.
#pragma GCC system_header
#ifndef WEIR_COMPAT_SYS_MBUF_H_
#define WEIR_COMPAT_SYS_MBUF_H_

#include <sys/types.h>

#include "weir/chain/mbuf.h"

#ifndef WEIR_COMPAT_NO_OLD_NAMES

#define MCLSHIFT 11
#define M_MAXCOMPRESS (MHLEN / 2)

// Types of 4.4BSD that the seed had dropped.
#define MT_SOCKET 8
#define MT_PCB 9
#define MT_RTABLE 10
#define MT_HTABLE 11
#define MT_ATABLE 12
#define MT_RIGHTS 13
#define MT_IFADDR 14

#define MBUFLOCK(code) \
  do {                 \
    code               \
  } while (0)
#define MCLISREFERENCED(m) (m_extrefcnt(m) > 1)
#define M_GETCTX(m, t) ((t)(m)->m_pkthdr.rcvif)
#define M_SETCTX(m, c) ((void)((m)->m_pkthdr.rcvif = (struct ifnet*)(c)))

// NetBSD's words for M_START and M_SIZE.
#define M_BUFADDR(m) M_START(m)
#define M_BUFSIZE(m) M_SIZE(m)

// With the `off` of 1999, where a packet came with a trailer; BSDs of today mean room in front.
#ifdef WEIR_COMPAT_TRAILERS
#define m_devget m_devget_trailer
#endif

#endif  // WEIR_COMPAT_NO_OLD_NAMES

#endif  // WEIR_COMPAT_SYS_MBUF_H_
