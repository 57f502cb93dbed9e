/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The new headers, and out. */
#ifndef KATRAN_ENCAP_H
#define KATRAN_ENCAP_H

#include "checksum.h"
#include "packet.h"

#define OUTER_TTL 64
#define OUTER_IPV4_PREFIX 0xac100000 /* 172.16.0.0/16 */
#define OUTER_IPV6_PREFIX 0x01000000 /* 0100::/64, the discard prefix (RFC 6666), as /96 */

/*
 * The outer source spreads flows over the receivers' queues, which hash the outer addresses: it
 * is a fixed prefix with the client's address and port mixed in.
 */
static __always_inline __be32 outer_source_v4(const struct flow *flow)
{
	__be32 client = flow->source.words[flow->family == KATRAN_IPV6 ? 3 : 0];
	__u32 low = bpf_ntohl(client) & 0xffff;

	/* b[2] ^ low byte of the port, b[3] ^ high byte */
	return bpf_htonl(OUTER_IPV4_PREFIX | (low ^ bpf_ntohs(__builtin_bswap16(flow->source_port))));
}

static __always_inline void set_outer_source_v6(__be32 words[4], const struct flow *flow)
{
	__be32 client = flow->source.words[flow->family == KATRAN_IPV6 ? 3 : 0];

	words[0] = bpf_htonl(OUTER_IPV6_PREFIX);
	words[1] = 0;
	words[2] = 0;
	words[3] = client ^ bpf_htonl((__u32)bpf_ntohs(flow->source_port) << 16);
}

static __always_inline void write_outer_ipv4(struct iphdr *ip, const struct packet *packet,
					     const struct katran_backend *backend,
					     __u16 inner_length)
{
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = packet->tos;
	ip->tot_len = bpf_htons(sizeof(*ip) + inner_length);
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = OUTER_TTL;
	ip->protocol = packet->flow.family == KATRAN_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	ip->check = 0;
	ip->saddr = outer_source_v4(&packet->flow);
	ip->daddr = backend->address.words[0];
	ip->check = ipv4_checksum(ip);
}

static __always_inline void write_outer_ipv6(struct ipv6hdr *ip, const struct packet *packet,
					     const struct katran_backend *backend,
					     __u16 inner_length)
{
	/* version, traffic class, and a flow label of 0 */
	*(__be32 *)ip = bpf_htonl(6 << 28 | packet->tos << 20);
	ip->payload_len = bpf_htons(inner_length);
	ip->nexthdr = packet->flow.family == KATRAN_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	ip->hop_limit = OUTER_TTL;
	set_outer_source_v6(ip->saddr.in6_u.u6_addr32, &packet->flow);
	__builtin_memcpy(&ip->daddr, &backend->address, sizeof(ip->daddr));
}

/*
 * Writes the Ethernet header in front of the outer one. `mac` is the address the frame came for:
 * ours, and so the source of what leaves by the same interface.
 */
static __always_inline void write_ethernet(struct ethhdr *eth, const struct katran_backend *backend,
					   const __u8 mac[ETH_ALEN], __be16 type)
{
	if (backend->flags & KATRAN_BACKEND_REDIRECT)
		__builtin_memcpy(eth->h_source, backend->source_mac, ETH_ALEN);
	else
		__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, backend->destination_mac, ETH_ALEN);
	eth->h_proto = type;
}

/*
 * Makes room for `outer` bytes in front of the IP packet and returns the new start of the frame,
 * with room for an Ethernet and the outer header; copies the address the frame came for to `mac`.
 * NULL when the driver left no headroom.
 */
static __always_inline void *push_header(struct xdp_md *ctx, int outer, __u8 mac[ETH_ALEN])
{
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > packet_end(ctx))
		return NULL;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	if (bpf_xdp_adjust_head(ctx, -outer))
		return NULL;
	return packet_data(ctx);
}

/*
 * Wraps the packet for its backend. NEXT leaves a frame that is ready to go, DROP one without
 * headroom.
 */
static __always_inline int encapsulate(struct xdp_md *ctx, const struct packet *packet,
				       const struct katran_backend *backend)
{
	__u16 inner_length = packet->bytes;
	__u8 mac[ETH_ALEN];
	struct ethhdr *eth;

	if (packet->flow.family == KATRAN_IPV6)
		inner_length += sizeof(struct ipv6hdr);

	if (backend->family == KATRAN_IPV4) {
		struct iphdr *ip;

		eth = push_header(ctx, sizeof(*ip), mac);
		if (!eth)
			return XDP_DROP;
		ip = (void *)(eth + 1);
		if ((void *)(ip + 1) > packet_end(ctx))
			return XDP_DROP;
		write_outer_ipv4(ip, packet, backend, inner_length);
		write_ethernet(eth, backend, mac, bpf_htons(ETH_P_IP));
	} else {
		struct ipv6hdr *ip;

		eth = push_header(ctx, sizeof(*ip), mac);
		if (!eth)
			return XDP_DROP;
		ip = (void *)(eth + 1);
		if ((void *)(ip + 1) > packet_end(ctx))
			return XDP_DROP;
		write_outer_ipv6(ip, packet, backend, inner_length);
		write_ethernet(eth, backend, mac, bpf_htons(ETH_P_IPV6));
	}
	return NEXT;
}

/* Sends the frame towards its backend, out of the interface that leads there. */
static __always_inline int send(const struct katran_backend *backend)
{
	if (backend->flags & KATRAN_BACKEND_REDIRECT)
		return bpf_redirect(backend->egress_ifindex, 0);
	return XDP_TX;
}

#endif
