/*
 * A socket buffer: what waits to be read, in records linked by m_nextpkt. A
 * record that ends with M_EOR is complete; data goes to the last one until then.
 */
#ifndef SOCKBUF_H
#define SOCKBUF_H

#include <sys/types.h>

struct mbuf;

struct sockbuf {
	struct mbuf *sb_mb;		/* first record */
	struct mbuf *sb_lastrecord;
	int sb_cc;			/* bytes in all records */
	int sb_hiwat;			/* the most that may be there */
};

#ifdef __cplusplus
extern "C" {
#endif

int sbspace(const struct sockbuf *sb);
/* Take m. 0, or ENOBUFS without room for all of it: m is freed. */
int sbappend(struct sockbuf *sb, struct mbuf *m);
/* The same, as a record of its own. */
int sbappendrecord(struct sockbuf *sb, struct mbuf *m);
/* Forget the first len bytes, which must be there; records left empty go too. */
void sbdrop(struct sockbuf *sb, int len);
void sbdroprecord(struct sockbuf *sb);
void sbflush(struct sockbuf *sb);
/*
 * Up to len bytes of the first record. *flags: MSG_PEEK leaves them there;
 * MSG_EOR is set if they end the record. Returns ownership; NULL with errno
 * EAGAIN (nothing there) or ENOBUFS (the buffer is as it was).
 */
struct mbuf *soreceive(struct sockbuf *sb, int len, int *flags);

#ifdef __cplusplus
}
#endif

#endif
