/*
 * IP fragmentation and reassembly, in the manner of 4.4BSD: all with mbuf(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/domain.h>
#include <sys/protosw.h>
#include <sys/socket.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/syslog.h>

#include <net/if.h>

#include <netinet/in.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>

#include "ip_var.h"

/*
 * A fragment that waits: bytes [ipf_off, ipf_end) of the payload, without its
 * IP header.
 */
struct ipfrag {
	struct	ipfrag *ipf_next;
	struct	mbuf *ipf_m;
	int	ipf_off;
	int	ipf_end;
};

/*
 * A datagram that waits for fragments; it lives in an mbuf of its own.
 * Its fragments are in order and do not overlap.
 */
struct ipq {
	struct	ipq *ipq_next;
	struct	ipfrag *ipq_frags;
	struct	in_addr ipq_src, ipq_dst;
	u_short	ipq_id;
	u_char	ipq_p;
	u_char	ipq_ttl;
	int	ipq_max;	/* largest end of a fragment */
	int	ipq_last;	/* the last fragment came: ipq_max is the end */
	int	ipq_hlen;	/* of ipq_hdr; 0 until the first fragment came */
	u_char	ipq_hdr[60];
};

struct	ipstat ipstat;
static	struct ipq *ipqueue;

static	struct ipq *ipq_find __P((struct ip *));
static	struct mbuf *ipq_add __P((struct mbuf *, int, int, int));
static	void ipq_insert __P((struct ipq *, struct mbuf *, int, int));
static	struct mbuf *ipq_join __P((struct ipq *));
static	void ipq_free __P((struct ipq *));

/*
 * Put an IP header in front of a packet. Returns 0, and the packet is freed,
 * if there is no memory.
 */
struct mbuf *
ip_prepend(m, src, dst, p, id)
	register struct mbuf *m;
	struct in_addr src, dst;
	int p, id;
{
	register struct ip *ip;

	M_PREPEND(m, (int)sizeof(struct ip), M_DONTWAIT);
	if (m == 0)
		return (0);
	ip = mtod(m, struct ip *);
	bzero((caddr_t)ip, sizeof(*ip));
	ip->ip_v = IPVERSION;
	ip->ip_hl = sizeof(*ip) >> 2;
	ip->ip_len = htons((u_short)m->m_pkthdr.len);
	ip->ip_id = htons((u_short)id);
	ip->ip_ttl = MAXTTL;
	ip->ip_p = p;
	ip->ip_src = src;
	ip->ip_dst = dst;
	ip->ip_sum = in_cksum(m, (int)sizeof(*ip));
	return (m);
}

/*
 * Cut a packet into fragments of at most mtu bytes, linked by m_nextpkt.
 * They share the clusters of the packet, which is freed. Each gets all of the
 * header's options. Returns 0 if it cannot be done, or not for want of memory.
 */
struct mbuf *
ip_fragment(m, mtu)
	struct mbuf *m;
	int mtu;
{
	register struct ip *ip, *fip;
	register struct mbuf *f;
	struct mbuf *first = 0, **nextp = &first;
	int hlen, plen, room, off, len, ipoff;

	if (m->m_len < (int)sizeof(struct ip) &&
	    (m = m_pullup(m, sizeof(struct ip))) == 0)
		return (0);
	hlen = mtod(m, struct ip *)->ip_hl << 2;
	if (m->m_len < hlen && (m = m_pullup(m, hlen)) == 0)
		return (0);
	ip = mtod(m, struct ip *);
	plen = ntohs(ip->ip_len) - hlen;
	if (hlen + plen <= mtu)
		return (m);
	ipoff = ntohs(ip->ip_off);
	room = (mtu - hlen) & ~7;
	if ((ipoff & IP_DF) || room < 8)
		goto bad;

	for (off = 0; off < plen; off += len) {
		len = imin(room, plen - off);
		MGETHDR(f, M_DONTWAIT, MT_HEADER);
		if (f == 0)
			goto bad;
		*nextp = f;
		nextp = &f->m_nextpkt;
		f->m_data += max_linkhdr;
		f->m_len = hlen;
		f->m_pkthdr.len = hlen + len;
		f->m_pkthdr.rcvif = (struct ifnet *)0;
		f->m_flags |= m->m_flags & M_COPYFLAGS;
		f->m_next = m_copy(m, hlen + off, len);
		if (f->m_next == 0)
			goto bad;
		fip = mtod(f, struct ip *);
		bcopy((caddr_t)ip, (caddr_t)fip, (u_int)hlen);
		fip->ip_len = htons((u_short)(hlen + len));
		/* A fragment of a fragment: its offset and IP_MF count too. */
		fip->ip_off = htons((u_short)((ipoff + (off >> 3)) |
		    (off + len < plen ? IP_MF : 0)));
		fip->ip_sum = 0;
		fip->ip_sum = in_cksum(f, hlen);
	}
	m_freem(m);
	return (first);
bad:
	while ((f = first) != 0) {
		first = f->m_act;
		f->m_act = 0;
		m_freem(f);
	}
	m_freem(m);
	return (0);
}

/*
 * Take a packet that came in. If it is whole, or completes a datagram, return
 * that; else 0.
 */
struct mbuf *
ip_reass(m)
	register struct mbuf *m;
{
	register struct ip *ip;
	int hlen, len, off, more, s;

	if (m->m_len < (int)sizeof(struct ip) &&
	    (m = m_pullup(m, sizeof(struct ip))) == 0)
		return (0);
	hlen = mtod(m, struct ip *)->ip_hl << 2;
	if (hlen < (int)sizeof(struct ip))
		goto bad;
	if (m->m_len < hlen && (m = m_pullup(m, hlen)) == 0)
		return (0);
	ip = mtod(m, struct ip *);
	len = ntohs(ip->ip_len);
	if (ip->ip_v != IPVERSION || len < hlen || len > m->m_pkthdr.len ||
	    in_cksum(m, hlen) != 0)
		goto bad;
	if (len < m->m_pkthdr.len)	/* padding of the link */
		m_adj(m, len - m->m_pkthdr.len);
	off = (ntohs(ip->ip_off) & IP_OFFMASK) << 3;
	more = ntohs(ip->ip_off) & IP_MF;
	if (off == 0 && more == 0)
		return (m);

	ipstat.ips_fragments++;
	len -= hlen;
	if (len == 0 || (more && (len & 7)) || off + len > IP_MAXPACKET)
		goto bad;
	s = splnet();
	m = ipq_add(m, off, off + len, more);
	splx(s);
	return (m);
bad:
	ipstat.ips_fragdropped++;
	m_freem(m);
	return (0);
}

/*
 * Take a fragment, bytes [off, end) of its datagram, that is in order itself.
 */
static struct mbuf *
ipq_add(m, off, end, more)
	register struct mbuf *m;
	int off, end, more;
{
	register struct ip *ip = mtod(m, struct ip *);
	register struct ipq *q = ipq_find(ip);
	int hlen = ip->ip_hl << 2;

	if (q == 0)
		goto bad;
	/* What fragments say of where the datagram ends must agree. */
	if (q->ipq_last ? end > q->ipq_max || (!more && end < q->ipq_max) :
	    !more && end < q->ipq_max)
		goto bad;
	q->ipq_max = imax(q->ipq_max, end);
	if (!more)
		q->ipq_last = 1;
	if (off == 0 && q->ipq_hlen == 0) {
		bcopy((caddr_t)ip, (caddr_t)q->ipq_hdr, (u_int)hlen);
		q->ipq_hlen = hlen;
	}
	m_adj(m, hlen);
	ipq_insert(q, m, off, end);
	return (ipq_join(q));
bad:
	ipstat.ips_fragdropped++;
	m_freem(m);
	return (0);
}

/*
 * The datagram that a fragment belongs to, a new one if there is none; 0 if
 * there is no memory.
 */
static struct ipq *
ipq_find(ip)
	register struct ip *ip;
{
	register struct ipq *q;
	register struct mbuf *m;

	for (q = ipqueue; q != 0; q = q->ipq_next)
		if (q->ipq_id == ip->ip_id && q->ipq_p == ip->ip_p &&
		    q->ipq_src.s_addr == ip->ip_src.s_addr &&
		    q->ipq_dst.s_addr == ip->ip_dst.s_addr)
			return (q);
	m = m_getclr(M_DONTWAIT, MT_FTABLE);
	if (m == 0)
		return (0);
	q = mtod(m, struct ipq *);
	q->ipq_id = ip->ip_id;
	q->ipq_p = ip->ip_p;
	q->ipq_src = ip->ip_src;
	q->ipq_dst = ip->ip_dst;
	q->ipq_ttl = IPFRAGTTL;
	q->ipq_next = ipqueue;
	ipqueue = q;
	return (q);
}

/*
 * Put bytes [off, end) where they belong. Where they overlap the fragment that
 * begins at or before off, its bytes stay; where they overlap those that begin
 * behind off, the new ones do.
 */
static void
ipq_insert(q, m, off, end)
	struct ipq *q;
	struct mbuf *m;
	int off, end;
{
	register struct ipfrag *f, **fp;
	struct ipfrag *before = 0, *new;

	for (fp = &q->ipq_frags; (f = *fp) != 0 && f->ipf_off <= off;
	    fp = &f->ipf_next)
		before = f;
	if (before != 0 && before->ipf_end >= end)
		goto drop;
	MALLOC(new, struct ipfrag *, sizeof(*new), M_FTABLE, M_NOWAIT);
	if (new == 0)
		goto drop;
	if (before != 0 && before->ipf_end > off) {
		m_adj(m, before->ipf_end - off);
		off = before->ipf_end;
	}
	while ((f = *fp) != 0 && f->ipf_end <= end) {
		*fp = f->ipf_next;
		m_freem(f->ipf_m);
		free(f, M_FTABLE);
	}
	if (f != 0 && f->ipf_off < end) {
		m_adj(f->ipf_m, end - f->ipf_off);
		f->ipf_off = end;
	}
	new->ipf_m = m;
	new->ipf_off = off;
	new->ipf_end = end;
	new->ipf_next = f;
	*fp = new;
	return;
drop:
	ipstat.ips_fragdropped++;
	m_freem(m);
}

/*
 * If nothing is missing, return the datagram, and q is no more; else 0.
 */
static struct mbuf *
ipq_join(q)
	struct ipq *q;
{
	register struct ipfrag *f;
	register struct mbuf *m;
	register struct ip *ip;
	int next = 0;

	for (f = q->ipq_frags; f != 0 && f->ipf_off == next; f = f->ipf_next)
		next = f->ipf_end;
	if (!q->ipq_last || next != q->ipq_max)
		return (0);
	KASSERT(q->ipq_hlen != 0);
	if (q->ipq_hlen + next > IP_MAXPACKET) {
		ipstat.ips_fragdropped++;
		ipq_free(q);
		return (0);
	}

	f = q->ipq_frags;
	m = f->ipf_m;
	f->ipf_m = 0;
	while ((f = f->ipf_next) != 0) {
		m_cat(m, f->ipf_m);
		f->ipf_m = 0;
	}
	m->m_pkthdr.len = next;
	M_PREPEND(m, q->ipq_hlen, M_DONTWAIT);
	if (m == 0) {
		log(LOG_WARNING, "ip_reass: no memory for a header\n");
		ipq_free(q);
		return (0);
	}
	ip = mtod(m, struct ip *);
	bcopy((caddr_t)q->ipq_hdr, (caddr_t)ip, (u_int)q->ipq_hlen);
	ip->ip_len = htons((u_short)m->m_pkthdr.len);
	ip->ip_off = 0;
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(m, q->ipq_hlen);
	ipstat.ips_reassembled++;
	ipq_free(q);
	return (m);
}

/*
 * Forget a datagram and its fragments.
 */
static void
ipq_free(q)
	register struct ipq *q;
{
	register struct ipq **qp;
	register struct ipfrag *f;

	for (qp = &ipqueue; *qp != q; qp = &(*qp)->ipq_next)
		if (*qp == 0)
			panic("ipq_free: %p is not queued", (void *)q);
	*qp = q->ipq_next;
	while ((f = q->ipq_frags) != 0) {
		q->ipq_frags = f->ipf_next;
		m_freem(f->ipf_m);
		free(f, M_FTABLE);
	}
	(void) m_free(dtom(q));
}

/*
 * Twice a second: give up what has waited too long.
 */
void
ip_slowtimo()
{
	register struct ipq *q, *next;
	int s = splnet();

	for (q = ipqueue; q != 0; q = next) {
		next = q->ipq_next;
		if (--q->ipq_ttl == 0) {
			ipstat.ips_fragtimeout++;
			ipq_free(q);
		}
	}
	splx(s);
}

/*
 * Memory is short: give up all that waits.
 */
void
ip_drain()
{
	int s = splnet();

	while (ipqueue != 0) {
		ipstat.ips_fragtimeout++;
		ipq_free(ipqueue);
	}
	splx(s);
}
