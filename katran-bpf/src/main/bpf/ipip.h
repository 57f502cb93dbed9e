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
	__be32 client = packet->client & bpf_htonl(0xffff);
	/* byte 2 is XORed with the port's low byte, byte 3 with its high byte */
	__be32 low = client ^ (__u32)__builtin_bswap16(packet->flow.source_port) << 16;

	if (uses(packet, KATRAN_USES_IPIP_PREFIXES))
		return config.ipip_prefix_v4.words[0] | low;
	return bpf_htonl(OUTER_IPV4_PREFIX) | low;
}

static __always_inline struct address_words outer_source_v6(const struct packet *packet)
{
	/* the port is at the word's first two bytes */
	__u64 last = packet->client ^ packet->flow.source_port;
	struct address_words words = {
		.upper = bpf_htonl(OUTER_IPV6_PREFIX),
		.lower = last << 32,
	};

	if (uses(packet, KATRAN_USES_IPIP_PREFIXES)) {
		struct address_words prefix = read_address_words(&config.ipip_prefix_v6);

		words.upper = prefix.upper;
		words.lower |= (__u32)prefix.lower;
	}
	return words;
}

static __always_inline __u8 ipip_protocol(const struct packet *packet)
{
	return packet->flow.family == KATRAN_IPV6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
}

static __always_inline int ipip_in_ipv4(struct xdp_md *ctx, const struct packet *packet,
					const struct katran_backend *backend, __u32 inner_length)
{
	struct ethhdr *eth;
	struct iphdr *ip;

	if (!push_header(ctx, sizeof(*ip)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv4(ip, packet, ipip_protocol(packet), outer_source_v4(packet),
			 backend->address.words[0], inner_length);
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IP));
	return NEXT;
}

static __always_inline int ipip_in_ipv6(struct xdp_md *ctx, const struct packet *packet,
					const struct katran_backend *backend, __u32 inner_length)
{
	struct ethhdr *eth;
	struct ipv6hdr *ip;

	if (!push_header(ctx, sizeof(*ip)))
		return XDP_DROP;
	eth = packet_data(ctx);
	ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	write_outer_ipv6(ip, packet, ipip_protocol(packet), outer_source_v6(packet),
			 read_address_words(&backend->address), inner_length);
	write_ethernet(eth, packet, backend, bpf_htons(ETH_P_IPV6));
	return NEXT;
}

#endif
