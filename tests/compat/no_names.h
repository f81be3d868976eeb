// Does not compile where a name of the compatibility headers is in the way.
#if defined(KASSERT) || defined(MALLOC) || defined(FREE) || defined(malloc) || defined(free) || \
    defined(log) || defined(M_DEVBUF) || defined(M_TEMP) || defined(MALLOC_DEFINE) ||           \
    defined(M_ZERO) || defined(nitems) || defined(roundup2) || defined(rounddown) ||            \
    defined(LIST_FOREACH_SAFE) || defined(__FBSDID) || defined(__packed) ||                     \
    defined(__predict_true) || defined(MBUFLOCK) || defined(M_GETCTX) || defined(MT_SOCKET) ||  \
    defined(M_MAXCOMPRESS) || defined(min) || defined(max) || defined(panic) ||                 \
    defined(caddr_t) || defined(u_int) || defined(u_char) || defined(u_short) ||                \
    defined(splnet) || defined(splx) || defined(ovbcopy)
#error "a compatibility macro is defined"
#endif

extern const char *min, *max, *imin, *imax, *lmin, *lmax, *ulmin, *ulmax, *ovbcopy, *panic;
extern const char *splnet, *splimp, *splsoftnet, *splvm, *splclock, *splhigh, *spl0, *splx;
extern const char *hz, *tick;
