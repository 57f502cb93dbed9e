/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IP in IP: IPv4 in IPv4, 6in4, 4in6, 6in6. */
#ifndef KATRAN_IPIP_H
#define KATRAN_IPIP_H

#include "outer.h"

#define OUTER_IPV4_PREFIX 0xac100000 /* 172.16.0.0/16 */
#define OUTER_IPV6_PREFIX 0x01000000 /* 0100::/96, inside the discard prefix 0100::/64 (RFC 6666) */

/*
 * Returns the outer source address: a fixed or configured prefix with the client's address and port mixed in.
 * Receivers hash it, so it spreads flows over their queues.
 */
static __always_inline __be32 outer_source_v4(const struct packet *packet)
{
	__u32 low = bpf_ntohl(packet_client(packet)) & 0xffff;
	__u16 port = bpf_ntohs(__builtin_bswap16(packet->flow.source_port));

	/* byte 2 is XORed with the port's low byte, byte 3 with its high byte */
	if (uses(packet, KATRAN_USES_IPIP_PREFIXES))
		return config.ipip_prefix_v4.words[0] | bpf_htonl(low ^ port);
	return bpf_htonl(OUTER_IPV4_PREFIX | (low ^ port));
}

static __always_inline void set_outer_source_v6(__be32 words[4], const struct packet *packet)
{
	words[0] = bpf_htonl(OUTER_IPV6_PREFIX);
	words[1] = 0;
	words[2] = 0;
	if (uses(packet, KATRAN_USES_IPIP_PREFIXES)) {
		words[0] = config.ipip_prefix_v6.words[0];
		words[1] = config.ipip_prefix_v6.words[1];
		words[2] = config.ipip_prefix_v6.words[2];
	}
	words[3] = packet_client(packet) ^
		   bpf_htonl((__u32)bpf_ntohs(packet->flow.source_port) << 16);
}

static __always_inline __u8 ipip_protocol(const struct packet *packet)
{
	return packet->flow.family == KATRAN_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
}

static __always_inline int ipip_in_ipv4(struct xdp_md *ctx, const struct packet *packet,
					const struct katran_backend *backend, __u16 inner_length)
{
	struct ethhdr *eth;
	struct iphdr *ip;

	if (!push_header(ctx, sizeof(*ip)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv4(ip, packet, backend, ipip_protocol(packet),
			 outer_source_v4(packet), inner_length);
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IP));
	return NEXT;
}

static __always_inline int ipip_in_ipv6(struct xdp_md *ctx, const struct packet *packet,
					const struct katran_backend *backend, __u16 inner_length)
{
	struct ethhdr *eth;
	struct ipv6hdr *ip;

	if (!push_header(ctx, sizeof(*ip)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv6(ip, packet, backend, ipip_protocol(packet), inner_length);
	set_outer_source_v6(ip->saddr.in6_u.u6_addr32, packet);
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IPV6));
	return NEXT;
}

#endif
