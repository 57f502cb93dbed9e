/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Decapsulation of tunnels that end at the balancer. */
#ifndef KATRAN_TUNNEL_H
#define KATRAN_TUNNEL_H

#include "checksum.h"
#include "config.h"
#include "decap.h"
#include "icmp.h"
#include "table.h"
#include "vip.h"

/* Maximum number of nested tunnels. */
#define MAX_TUNNELS 4

/* Returned by a step that removed a tunnel header: parse the inner packet from the start. */
#define AGAIN (-2)

/* The addresses at which tunnels end. */
TABLE(tunnel_ends, BPF_MAP_TYPE_HASH, sizeof(struct katran_tunnel_end_key));

/* The addresses whose tunnels may end here, with KATRAN_USES_TUNNEL_SOURCES. */
TABLE(tunnel_sources_v4, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct katran_source_v4));
TABLE(tunnel_sources_v6, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct katran_source_v6));

/* The outer header of a tunneled packet. */
struct outer {
	struct katran_address source;
	struct katran_tunnel_end_key destination;
	struct tunnel tunnel; /* header_length 0: no tunnel */
	bool is_gue;
};

/* Looks for a tunnel in the payload of an outer header. */
static __always_inline void find_tunnel(__u8 protocol, void *payload, void *end, __u32 ip_header,
					struct outer *outer)
{
	struct udphdr *udp = payload;
	struct tunnel *tunnel = &outer->tunnel;

	if (protocol == IPPROTO_IPIP) {
		tunnel->inner_type = bpf_htons(ETH_P_IP);
		tunnel->header_length = ip_header;
	} else if (protocol == IPPROTO_IPV6) {
		tunnel->inner_type = bpf_htons(ETH_P_IPV6);
		tunnel->header_length = ip_header;
	} else if (protocol == IPPROTO_UDP) {
		if ((void *)(udp + 1) > end || udp->dest != bpf_htons(config.gue_port))
			return;
		outer->is_gue = true;
		tunnel->header_length = ip_header;
		if (!parse_gue(udp, end, config.gue_port, tunnel))
			tunnel->header_length = 0;
	}
}

/*
 * Parses the outer header into `outer`. A packet that parse() drops or refuses is in no tunnel:
 * parse() decides about it.
 */
static __always_inline void parse_outer(struct xdp_md *ctx, struct outer *outer)
{
	__u32 available = frame_length(ctx) - ETH_HLEN;
	struct tunnel *tunnel = &outer->tunnel;
	void *end = packet_end(ctx);
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > end)
		return;
	if (ethertype(eth) == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end || !is_well_formed_v4(ip, available) || ip->ihl != 5 ||
		    ip->frag_off & IPV4_ANY_FRAGMENT)
			return;
		tunnel->payload = bpf_ntohs(ip->tot_len) - sizeof(*ip);
		tunnel->outer_tos = ip->tos;
		outer->destination.family = KATRAN_IPV4;
		set_ipv4(&outer->source, ip->saddr);
		set_ipv4(&outer->destination.address, ip->daddr);
		find_tunnel(ip->protocol, ip + 1, end, sizeof(*ip), outer);
	} else if (ethertype(eth) == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end || !is_well_formed_v6(ip, available))
			return;
		tunnel->payload = bpf_ntohs(ip->payload_len);
		tunnel->outer_tos = ipv6_traffic_class(ip);
		outer->destination.family = KATRAN_IPV6;
		set_ipv6(&outer->source, &ip->saddr);
		set_ipv6(&outer->destination.address, &ip->daddr);
		find_tunnel(ip->nexthdr, ip + 1, end, sizeof(*ip), outer);
	}
}

/* Returns whether the tunnel's destination is one of our own addresses. */
static __always_inline bool is_ours(const struct katran_tunnel_end_key *destination)
{
	const volatile struct katran_address *own =
		destination->family == KATRAN_IPV4 ? &config.source_v4 : &config.source_v6;
	__u32 difference = 0;
	__u32 any = 0;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		difference |= own->words[i] ^ destination->address.words[i];
		any |= own->words[i];
	}
	return any && !difference;
}

/* Returns whether tunnels from the outer source may end here. */
static __always_inline bool is_trusted(const struct outer *outer)
{
	if (!(config.features & KATRAN_USES_TUNNEL_SOURCES))
		return true;
	if (outer->destination.family == KATRAN_IPV4) {
		struct katran_source_v4 key = {
			.prefix_length = 32,
			.address = outer->source.words[0],
		};

		return table_lookup(&tunnel_sources_v4, &key);
	} else {
		struct katran_source_v6 key = {
			.prefix_length = 128,
			.address = outer->source,
		};

		return table_lookup(&tunnel_sources_v6, &key);
	}
}

/* Decrements the TTL or hop limit. Returns XDP_DROP once it reaches 0. */
static __always_inline int decrement_ttl(struct xdp_md *ctx, __be16 type)
{
	void *end = packet_end(ctx);

	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
		__u16 *ttl_and_protocol = (__u16 *)&ip->ttl;
		__u16 before;

		if ((void *)(ip + 1) > end || !ip->ttl)
			return XDP_DROP;
		before = *ttl_and_protocol;
		ip->ttl--;
		ip->check = checksum_update(ip->check, before, *ttl_and_protocol);
		return ip->ttl ? NEXT : XDP_DROP;
	} else {
		struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;

		if ((void *)(ip + 1) > end || !ip->hop_limit)
			return XDP_DROP;
		ip->hop_limit--;
		return ip->hop_limit ? NEXT : XDP_DROP;
	}
}

static __always_inline void count_by_family(const struct outer *outer, __u32 v4, __u32 v6)
{
	count_event(outer->destination.family == KATRAN_IPV4 ? v4 : v6);
}

/* Sends the decapsulated packet back to the frame's sender. */
static __always_inline int send_back(struct xdp_md *ctx)
{
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > packet_end(ctx))
		return XDP_DROP;
	swap_macs(eth);
	return XDP_TX;
}

/*
 * Removes one tunnel header that ends here. NEXT: the packet is not in a tunnel and is unchanged.
 * AGAIN: the inner packet must be balanced. Any other result is a verdict. Not inline, because it
 * is called several times.
 */
static __noinline int decapsulate_once(struct xdp_md *ctx)
{
	struct outer outer = {};
	int verdict;
	__u32 end;

	parse_outer(ctx, &outer);
	if (!outer.tunnel.header_length || !is_trusted(&outer))
		return NEXT;
	end = table_lookup(&tunnel_ends, &outer.destination);
	if (end == KATRAN_EGRESS && !outer.is_gue)
		end = 0;
	if (!end && (config.features & KATRAN_USES_STRICT_DECAPSULATION) &&
	    !is_ours(&outer.destination))
		return XDP_PASS;
	if (inner_bytes(ctx, &outer.tunnel) < 0) {
		count_event(KATRAN_MALFORMED);
		return XDP_DROP;
	}
	if (!carry_ecn(ctx, &outer.tunnel)) {
		count_event(KATRAN_CONGESTED);
		return XDP_DROP;
	}
	if (!pop_header(ctx, outer.tunnel.header_length, outer.tunnel.inner_type))
		return XDP_DROP;
	count_by_family(&outer, KATRAN_DECAPSULATED_V4, KATRAN_DECAPSULATED_V6);
	verdict = decrement_ttl(ctx, outer.tunnel.inner_type);
	if (verdict != NEXT)
		return verdict;
	switch (end) {
	case KATRAN_RECIRCULATE:
		count_by_family(&outer, KATRAN_RECIRCULATED_V4, KATRAN_RECIRCULATED_V6);
		return AGAIN;
	case KATRAN_EGRESS:
		count_by_family(&outer, KATRAN_EGRESS_V4, KATRAN_EGRESS_V6);
		return send_back(ctx);
	default:
		return XDP_PASS;
	}
}

/*
 * Removes all tunnel headers that end here. NEXT: the packet must be balanced. Any other result is
 * a verdict.
 */
static __always_inline int remove_tunnels(struct xdp_md *ctx, struct packet *packet)
{
	__u32 bytes = frame_length(ctx);

	for (int i = 0; i < MAX_TUNNELS; i++) {
		int verdict = decapsulate_once(ctx);

		packet->tunnel_bytes = bytes - frame_length(ctx);
		if (verdict != AGAIN)
			return verdict;
	}
	return NEXT;
}

/*
 * Removes all tunnel headers that end here, like remove_tunnels(). Drops inner packets that are for
 * no VIP, unless they are to be accepted: a tunnel must not lead strangers to the host.
 */
static __always_inline int decapsulate(struct xdp_md *ctx, struct packet *packet)
{
	int verdict = remove_tunnels(ctx, packet);

	if (!packet->tunnel_bytes || !(config.features & KATRAN_USES_INNER_VIPS) ||
	    (verdict != NEXT && verdict != XDP_PASS) || is_for_vip(ctx))
		return verdict;
	count_event(KATRAN_TUNNELS_REFUSED);
	return XDP_DROP;
}

#endif
