/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GUE variant 1 (draft-ietf-intarea-gue): the inner packet directly follows the UDP header, and the
 * version field of its IP header identifies it.
 */
#ifndef KATRAN_GUE_H
#define KATRAN_GUE_H

#include "config.h"
#include "outer.h"

/* The inner packet has no checksum to derive the outer one from. */
#define NO_SUM (-1)

#define FIRST_DYNAMIC_PORT 49152 /* RFC 6335, section 6; sets the two upper bits of a port */

/*
 * Returns the outer source port, which spreads flows over paths and queues: the client's port XORed
 * with two bytes of its address. The families determine which two bytes, and their order. IPv6 in
 * IPv4 uses the same bytes as the outer source address of IPIP.
 */
static __always_inline __be16 mix_source_port(const struct packet *packet, __u8 outer_family)
{
	const struct katran_flow *flow = &packet->flow;
	__u32 client = bpf_ntohl(packet->client);

	if (outer_family == KATRAN_IPV4)
		return bpf_htons(client) ^ __builtin_bswap16(flow->source_port);
	if (flow->family == KATRAN_IPV6)
		client >>= 16;
	return bpf_htons(client) ^ flow->source_port;
}

static __always_inline __be16 gue_source_port(const struct packet *packet, __u8 outer_family)
{
	__be16 port = mix_source_port(packet, outer_family);

	return uses(packet, KATRAN_USES_DYNAMIC_PORTS) ? port | bpf_htons(FIRST_DYNAMIC_PORT)
						       : port;
}

/*
 * Returns whether no checksum covers the whole inner payload of `length` bytes: UDP may have none,
 * and its own length may be less than the payload.
 */
static __always_inline bool lacks_checksum(__u8 protocol, void *transport, void *end, __u16 length)
{
	struct udphdr *udp = transport;

	return protocol == IPPROTO_UDP && ((void *)(udp + 1) > end || !udp->check ||
					   udp->len != bpf_htons(length));
}

/*
 * The sum_inner functions return the unfolded sum of the whole inner packet, derived from its
 * headers alone. They rely on the inner checksums: data covered by a correct checksum sums to 0, so
 * the payload's sum is the negated sum of its pseudo header. Negating a word in one's complement
 * arithmetic is complementing it. If an inner checksum is wrong, the outer one is wrong too.
 */

/* The IPv4 header sums to 0, and so does ICMP, which has no pseudo header. */
static __always_inline __s64 sum_inner_ipv4(struct iphdr *ip, void *end)
{
	__u16 length;

	if ((void *)(ip + 1) > end)
		return NO_SUM;
	length = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	if (lacks_checksum(ip->protocol, ip + 1, end, length))
		return NO_SUM;
	if (ip->protocol == IPPROTO_ICMP)
		return 0;
	return (__u64)~ip->saddr + (__u32)~ip->daddr + (__u16)~bpf_htons(ip->protocol) +
	       (__u16)~bpf_htons(length);
}

/* The addresses and the length are in both the header and the pseudo header, and cancel out. */
static __always_inline __s64 sum_inner_ipv6(struct ipv6hdr *ip, void *end)
{
	if ((void *)(ip + 1) > end ||
	    lacks_checksum(ip->nexthdr, ip + 1, end, bpf_ntohs(ip->payload_len)))
		return NO_SUM;
	return (__u64)*(__be32 *)ip + *(__be16 *)&ip->nexthdr + (__u16)~bpf_htons(ip->nexthdr);
}

/*
 * Writes the UDP header in front of the inner packet. `addresses` is the sum of the outer
 * addresses; `length` includes the UDP header. The checksum stays 0 if the inner packet has none
 * that covers all of it, over IPv6 too (RFC 6935).
 */
static __always_inline void write_gue(struct udphdr *udp, void *end, const struct katran_flow *flow,
				      __be16 source, __be16 destination, __u16 length,
				      __u64 addresses)
{
	__s64 inner = flow->family == KATRAN_IPV6 ? sum_inner_ipv6((void *)(udp + 1), end)
						  : sum_inner_ipv4((void *)(udp + 1), end);

	udp->source = source;
	udp->dest = destination;
	udp->len = bpf_htons(length);
	udp->check = 0;
	if (inner == NO_SUM)
		return;
	/* the length counts twice: in the UDP header and in the pseudo header */
	udp->check = ~checksum_fold_wide(inner + addresses + bpf_htons(IPPROTO_UDP) + source +
					 destination + 2 * udp->len);
	if (!udp->check)
		udp->check = 0xffff; /* one's complement -0: a 0 would mean no checksum */
}

static __always_inline int
gue_in_ipv4(struct xdp_md *ctx, const struct packet *packet, const struct katran_backend *backend,
	    __u32 inner_length)
{
	__be32 source = config.source_v4.words[0];
	__be32 destination = backend->address.words[0];
	__u32 length = sizeof(struct udphdr) + inner_length;
	struct udphdr *udp;
	struct ethhdr *eth;
	struct iphdr *ip;

	if (!push_header(ctx, sizeof(*ip) + sizeof(*udp)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv4(ip, packet, IPPROTO_UDP, source, destination, length);
	write_gue(udp, packet_end(ctx), &packet->flow,
		  gue_source_port(packet, KATRAN_IPV4), bpf_htons(config.gue_port), length,
		  (__u64)source + destination);
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IP));
	return NEXT;
}

static __always_inline int
gue_in_ipv6(struct xdp_md *ctx, const struct packet *packet, const struct katran_backend *backend,
	    __u32 inner_length)
{
	struct address_words source = read_address_words(&config.source_v6);
	struct address_words destination = read_address_words(&backend->address);
	__u32 length = sizeof(struct udphdr) + inner_length;
	struct udphdr *udp;
	struct ethhdr *eth;
	struct ipv6hdr *ip;

	if (!push_header(ctx, sizeof(*ip) + sizeof(*udp)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv6(ip, packet, IPPROTO_UDP, source, destination, length);
	write_gue(udp, packet_end(ctx), &packet->flow,
		  gue_source_port(packet, KATRAN_IPV6), bpf_htons(config.gue_port), length,
		  sum_address(source) + sum_address(destination));
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IPV6));
	return NEXT;
}

#endif
