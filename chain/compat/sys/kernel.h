// Clock ticks. Group KERNEL, explained in sys/mbuf.h. A program whose sources use these defines
// them, as it calls the timeouts of its protocols.
#ifndef WEIR_COMPAT_SYS_KERNEL_H_
#define WEIR_COMPAT_SYS_KERNEL_H_
#ifndef WEIR_COMPAT_NO_KERNEL

#ifdef __cplusplus
extern "C" {
#endif
extern int hz;    // ticks a second
extern int tick;  // microseconds a tick
#ifdef __cplusplus
}
#endif

#endif  // WEIR_COMPAT_NO_KERNEL
#endif  // WEIR_COMPAT_SYS_KERNEL_H_
