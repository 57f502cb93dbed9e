/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads ICMP messages: which flow an error concerns.
 *
 * Few packets are ICMP, so the functions are not inline and share nothing with the common path.
 */
#ifndef KATRAN_QUOTE_H
#define KATRAN_QUOTE_H

#include "config.h"
#include "icmp.h"
#include "packet.h"

#define IPV4_FRAGMENT_OFFSET bpf_htons(0x1fff)
#define IPV6_FRAGMENT_OFFSET bpf_htons(0xfff8)

/* RFC 8200, section 4.5 */
struct ipv6_fragment {
	__u8 next_header;
	__u8 reserved;
	__be16 offset;
	__be32 identification;
};

/*
 * The packet quoted in an ICMP error. A backend sent it, so its destination is the client, and its
 * source is the VIP.
 */
struct quote {
	struct katran_address client;
	__be16 client_port;
	__be16 vip_port;
	__u8 protocol;
	bool is_fragment; /* it has an IPv6 fragment header */
};

/*
 * Reads the quoted packet's ports. Eight bytes behind its IP header suffice (RFC 792); `available`
 * is how many there are.
 */
static __always_inline int read_quoted_ports(const void *transport, const void *end, int available,
					     struct quote *quote)
{
	const struct udphdr *udp = transport; /* TCP's ports are at the same offsets */

	if (quote->protocol != IPPROTO_TCP && quote->protocol != IPPROTO_UDP)
		return XDP_PASS;
	if ((const void *)(udp + 1) > end || available < (int)sizeof(*udp))
		return refuse(KATRAN_MALFORMED);
	quote->client_port = udp->dest;
	quote->vip_port = udp->source;
	return NEXT;
}

/* Counts a router's report of a path MTU: RFC 1191, RFC 8201. */
static __always_inline void count_too_big(__u32 seen, __u32 small, __u32 mtu)
{
	count_event(seen);
	if (mtu < IPV6_MIN_MTU)
		count_event(small);
}

/*
 * Reads the ICMP message of `payload` bytes behind an IPv4 header without options. NEXT: it is an
 * error about the flow in `quote`. Any other result is as in parse().
 *
 * An error concerns the flow of the packet that it quotes, if that was sent by the address that the
 * error is for. A quoted fragment other than the first has no ports, so it names no flow.
 */
static __noinline int read_icmp(struct xdp_md *ctx, __u32 payload, struct quote *quote)
{
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp = (void *)(ip + 1);
	struct iphdr *quoted = (void *)(icmp + 1);
	int available = payload - sizeof(*icmp);
	void *end = packet_end(ctx);

	if ((void *)(icmp + 1) > end || available < 0)
		return refuse(KATRAN_MALFORMED);
	if (icmp->type == ICMP_ECHO_REQUEST)
		return ECHO_REQUEST;
	if (!is_icmp_error(icmp->type))
		return XDP_PASS;
	if (icmp->type == ICMP_UNREACHABLE && icmp->code == ICMP_FRAGMENTATION_NEEDED)
		count_too_big(KATRAN_PTB_V4, KATRAN_PTB_V4_SMALL, bpf_ntohl(icmp->rest) & 0xffff);
	if ((void *)(quoted + 1) > end || available < (int)sizeof(*quoted) || quoted->version != 4)
		return refuse(KATRAN_MALFORMED);
	if (quoted->ihl != 5)
		return refuse(KATRAN_IP_OPTIONS);
	if (quoted->saddr != ip->daddr || quoted->frag_off & IPV4_FRAGMENT_OFFSET)
		return XDP_PASS;
	quote->is_fragment = false;
	quote->protocol = quoted->protocol;
	set_ipv4(&quote->client, quoted->daddr);
	return read_quoted_ports(quoted + 1, end, available - sizeof(*quoted), quote);
}

static __always_inline bool was_sent_by(const struct ipv6hdr *ip, const struct in6_addr *address)
{
	const __be32 *source = ip->saddr.in6_u.u6_addr32;
	const __be32 *words = address->in6_u.u6_addr32;
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		difference |= source[i] ^ words[i];
	return !difference;
}

/* The same for ICMPv6. Steps over the fragment header of a quoted first fragment. */
static __noinline int read_icmpv6(struct xdp_md *ctx, __u32 payload, struct quote *quote)
{
	struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp = (void *)(ip + 1);
	struct ipv6hdr *quoted = (void *)(icmp + 1);
	struct ipv6_fragment *fragment = (void *)(quoted + 1);
	int available = payload - sizeof(*icmp);
	void *end = packet_end(ctx);

	if ((void *)(icmp + 1) > end || available < 0)
		return refuse(KATRAN_MALFORMED);
	if (icmp->type == ICMPV6_ECHO_REQUEST)
		return ECHO_REQUEST;
	if (!is_icmpv6_error(icmp->type))
		return XDP_PASS;
	if (icmp->type == ICMPV6_PACKET_TOO_BIG)
		count_too_big(KATRAN_PTB_V6, KATRAN_PTB_V6_SMALL, bpf_ntohl(icmp->rest));
	available -= sizeof(*quoted);
	if ((void *)(quoted + 1) > end || available < 0 || quoted->version != 6)
		return refuse(KATRAN_MALFORMED);
	if (!was_sent_by(quoted, &ip->daddr))
		return XDP_PASS;
	quote->is_fragment = quoted->nexthdr == IPPROTO_FRAGMENT;
	quote->protocol = quoted->nexthdr;
	set_ipv6(&quote->client, &quoted->daddr);
	if (!quote->is_fragment)
		return read_quoted_ports(fragment, end, available, quote);
	available -= sizeof(*fragment);
	if ((void *)(fragment + 1) > end || available < 0)
		return refuse(KATRAN_MALFORMED);
	if (fragment->offset & IPV6_FRAGMENT_OFFSET)
		return XDP_PASS;
	quote->protocol = fragment->next_header;
	return read_quoted_ports(fragment + 1, end, available, quote);
}

#endif
