// The name of a struct of the kernel's, for sources that pass pointers to it along or only include
// this header from habit. Group KERNEL, explained in sys/mbuf.h.
#ifndef WEIR_COMPAT_SYS_DOMAIN_H_
#define WEIR_COMPAT_SYS_DOMAIN_H_
#ifndef WEIR_COMPAT_NO_KERNEL

struct domain;

#endif  // WEIR_COMPAT_NO_KERNEL
#endif  // WEIR_COMPAT_SYS_DOMAIN_H_
