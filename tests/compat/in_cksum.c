/*
 * Internet checksum (RFC 1071) of the first len bytes of a chain.
 * In the manner of 4.4BSD; for any byte order, alignment, and odd lengths.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/mbuf.h>

static u_int32_t in_addbytes __P((u_int32_t, caddr_t, int));

/*
 * Add len bytes at cp to sum, as 16-bit words in the order of the machine; a
 * last odd byte counts as if a zero followed. Returns it folded to 16 bits.
 */
static u_int32_t
in_addbytes(sum, cp, len)
	u_int32_t sum;
	register caddr_t cp;
	register int len;
{
	u_short w;

	for (; len > 1; len -= 2, cp += 2) {
		bcopy(cp, &w, sizeof(w));
		sum += w;
		if (sum & 0x80000000)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len > 0) {
		w = 0;
		bcopy(cp, &w, 1);
		sum += w;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return ((sum & 0xffff) + (sum >> 16));
}

/*
 * The words of an mbuf that begins at an odd byte are the wrong way round. The
 * sum of swapped words is the swapped sum, so one swap at its end is enough.
 */
int
in_cksum(m, len)
	register struct mbuf *m;
	int len;
{
	u_int32_t sum = 0, part;
	int odd = 0, n;

	for (; m != NULL && len > 0; m = m->m_next) {
		n = min(m->m_len, len);
		part = in_addbytes((u_int32_t)0, mtod(m, caddr_t), n);
		if (odd)
			part = ((part & 0xff) << 8) | (part >> 8);
		sum += part;
		odd ^= n & 1;
		len -= n;
		if (sum & 0x80000000)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len > 0)
		printf("in_cksum: the chain is %d bytes short\n", len);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (~sum & 0xffff);
}
