// The name of a struct of the kernel's, for sources that pass pointers to it along or only include
// this header from habit. Group KERNEL, explained in sys/mbuf.h.
#ifndef WEIR_COMPAT_SYS_PROTOSW_H_
#define WEIR_COMPAT_SYS_PROTOSW_H_
#ifndef WEIR_COMPAT_NO_KERNEL

struct protosw;

#endif  // WEIR_COMPAT_NO_KERNEL
#endif  // WEIR_COMPAT_SYS_PROTOSW_H_
