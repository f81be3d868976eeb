/* A source that includes a header of libc first, so that -std=c11 hides BSD's names of types. */
#include <stdio.h>

#include <sys/param.h>
#include <sys/mbuf.h>

u_int late_length __P((caddr_t, u_short, u_char));

u_int
late_length(caddr_t cp, u_short len, u_char more)
{
	return (cp == NULL ? 0 : (u_int)len + more);
}
