/*
 * What in_cksum.c and ip_frag.c offer. Include <netinet/in.h> first, as in BSD.
 */
#ifndef _NETINET_IP_VAR_H_
#define _NETINET_IP_VAR_H_

#define	IPFRAGTTL	60	/* calls of ip_slowtimo */

struct ipstat {
	u_long	ips_fragments;		/* received */
	u_long	ips_fragdropped;	/* bad, duplicate, or no memory */
	u_long	ips_fragtimeout;	/* datagrams given up */
	u_long	ips_reassembled;	/* datagrams */
};

#ifdef __cplusplus
extern "C" {
#endif

extern	struct ipstat ipstat;

int	in_cksum __P((struct mbuf *, int));
struct	mbuf *ip_prepend __P((struct mbuf *, struct in_addr, struct in_addr,
	    int, int));
struct	mbuf *ip_fragment __P((struct mbuf *, int));
struct	mbuf *ip_reass __P((struct mbuf *));
void	ip_slowtimo __P((void));
void	ip_drain __P((void));

#ifdef __cplusplus
}
#endif

#endif
