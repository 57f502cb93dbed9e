/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way back from backends that packets are rewritten to, if it leads through the balancer. Their
 * answers get the VIP for a source and go on by the kernel's routes. Errors about packets of
 * clients come back the same way.
 */
#ifndef KATRAN_REVERSE_H
#define KATRAN_REVERSE_H

#include "address.h"
#include "config.h"
#include "parse.h"
#include "rewrite.h"
#include "table.h"

#define AF_INET 2
#define AF_INET6 10
#define IPV6_FLOW_INFORMATION bpf_htonl(0x0fffffff) /* traffic class and flow label */

/* The sources that answer for a VIP. The values are VIP numbers, and 0 is one. */
TABLE(reverse, BPF_MAP_TYPE_HASH, sizeof(struct katran_reverse_key));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, struct katran_vip_address);
} vip_addresses SEC(".maps");

/*
 * The interfaces that accept frames from XDP programs of other interfaces, each by its own index.
 * Frames for others would be lost, so the host sends them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, __u32);
} egresses SEC(".maps");

/* What the packet is. */
enum answer_kind {
	ANSWER_IS_ERROR = 1 << 0,	   /* an ICMP error */
	ANSWER_QUOTES_FRAGMENT = 1 << 1, /* about a packet with an IPv6 fragment header */
	ANSWER_PROTOCOL_SHIFT = 8,	   /* the protocol: TCP or UDP */
};

/* Returns the address of the VIP that the source answers for, and its number, or NULL. */
static __always_inline struct katran_vip_address *
lookup_reverse(struct katran_reverse_key *key, __u32 *vip)
{
	const __u32 slot = 0;
	void *table = bpf_map_lookup_elem(&reverse, &slot);
	__u32 *number;

	if (!table)
		return NULL;
	number = bpf_map_lookup_elem(table, key);
	if (!number) {
		key->port = 0;
		number = bpf_map_lookup_elem(table, key);
	}
	if (!number)
		return NULL;
	*vip = *number;
	return bpf_map_lookup_elem(&vip_addresses, vip);
}

/* Reads the ports of the answer or, if it is an error, of the packet that this quotes. */
static __always_inline bool read_ports(const struct udphdr *udp, const void *end, __u8 protocol,
				       bool is_error, struct katran_reverse_key *key,
				       struct bpf_fib_lookup *route)
{
	if ((const void *)(udp + 1) > end)
		return false;
	key->protocol = protocol;
	key->port = is_error ? udp->dest : udp->source;
	if (!is_error) {
		route->sport = udp->source;
		route->dport = udp->dest;
	}
	return true;
}

/*
 * Reads which source answers. For an error, it is the destination of the packet that is quoted.
 * Returns false if there is none that could.
 */
static __always_inline bool read_reverse_key(struct xdp_md *ctx, __u32 kind,
					     struct katran_reverse_key *key,
					     struct bpf_fib_lookup *route)
{
	struct ethhdr *eth = packet_data(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	struct ipv6hdr *ip6 = (void *)(eth + 1);
	const struct katran_address *client = (const void *)route->ipv6_dst; /* of either family */
	bool is_error = kind & ANSWER_IS_ERROR;
	void *end = packet_end(ctx);

	if ((void *)(ip + 1) > end)
		return false;
	if (ethertype(eth) == bpf_htons(ETH_P_IP)) {
		key->family = KATRAN_IPV4;
		route->family = AF_INET;
		route->l4_protocol = ip->protocol;
		route->tot_len = bpf_ntohs(ip->tot_len);
		route->tos = ip->tos;
		route->ipv4_dst = ip->daddr;
		key->address.words[0] = ip->saddr;
		if (is_error) {
			ip = (void *)(ip + 1) + sizeof(struct icmp_header);
			if ((void *)(ip + 1) > end)
				return false;
			key->address.words[0] = ip->daddr;
		}
		return is_unicast(client, KATRAN_IPV4) &&
		       read_ports((void *)(ip + 1), end, ip->protocol, is_error, key, route);
	} else {
		struct ipv6_fragment *fragment;
		__u8 protocol;

		if ((void *)(ip6 + 1) > end)
			return false;
		key->family = KATRAN_IPV6;
		route->family = AF_INET6;
		route->l4_protocol = ip6->nexthdr;
		route->tot_len = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
		route->flowinfo = *(__be32 *)ip6 & IPV6_FLOW_INFORMATION;
		__builtin_memcpy(route->ipv6_dst, &ip6->daddr, sizeof(ip6->daddr));
		set_ipv6(&key->address, &ip6->saddr);
		if (is_error) {
			ip6 = (void *)(ip6 + 1) + sizeof(struct icmp_header);
			if ((void *)(ip6 + 1) > end)
				return false;
			set_ipv6(&key->address, &ip6->daddr);
		}
		fragment = (void *)(ip6 + 1);
		if (!is_unicast(client, KATRAN_IPV6))
			return false;
		if (!(kind & ANSWER_QUOTES_FRAGMENT))
			return read_ports((void *)fragment, end, ip6->nexthdr, is_error, key,
					  route);
		if ((void *)(fragment + 1) > end)
			return false;
		protocol = fragment->next_header;
		return read_ports((void *)(fragment + 1), end, protocol, is_error, key, route);
	}
}

/* Returns whether the packet can take one hop more. */
static __always_inline bool has_hop(struct xdp_md *ctx, __u8 family)
{
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct ipv6hdr *ip6 = packet_data(ctx) + ETH_HLEN;

	if ((void *)(ip + 1) > packet_end(ctx))
		return false;
	return (family == KATRAN_IPV4 ? ip->ttl : ip6->hop_limit) > 1;
}

/* Returns whether routers must not fragment the packet: IPv6, or DF. */
static __always_inline bool must_not_fragment(struct xdp_md *ctx, __u8 family)
{
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;

	if ((void *)(ip + 1) > packet_end(ctx))
		return true;
	return family == KATRAN_IPV6 || ip->frag_off & IPV4_DONT_FRAGMENT;
}

/*
 * Returns whether the host is to route the packet with its new source, after what the look-up of
 * its route has returned. Otherwise the host answers it or takes it: it must see who has sent it.
 */
static __always_inline bool is_for_host_to_route(struct xdp_md *ctx, int found, __u8 family)
{
	if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return !must_not_fragment(ctx, family);
	return found == BPF_FIB_LKUP_RET_NO_NEIGH || found == BPF_FIB_LKUP_RET_UNSUPP_LWT;
}

static __always_inline void write_macs(struct xdp_md *ctx, const struct bpf_fib_lookup *route)
{
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > packet_end(ctx))
		return;
	__builtin_memcpy(eth->h_dest, route->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, route->smac, ETH_ALEN);
}

/* Returned by route_answer(): the packet is the host's as it is. */
#define LEAVE_TO_HOST 0

/*
 * Decides about a packet for no VIP. Returns LEAVE_TO_HOST or, for the answer of a backend, the
 * verdict and in the upper half the number of the VIP that its source becomes. With XDP_PASS the
 * host routes it; otherwise its frame has been addressed to the next hop.
 *
 * Packets for the host itself are none to forward, and remain as they are: the host may check
 * backends at their own addresses. So do packets that the host will reply to with an error, which
 * must reach the backend. Global: the verifier checks it once.
 */
__noinline __u64 route_answer(struct xdp_md *ctx, __u32 kind)
{
	struct bpf_fib_lookup route = {};
	struct katran_reverse_key key = {};
	struct katran_vip_address *vip;
	__u64 verdict = XDP_PASS;
	__u32 number;
	int found;

	/* older kernels check global functions that are not called, too */
	if (!(config.features & KATRAN_USES_REWRITES))
		return LEAVE_TO_HOST;
	if (!read_reverse_key(ctx, kind, &key, &route))
		return LEAVE_TO_HOST;
	vip = lookup_reverse(&key, &number);
	if (!vip || vip->family != key.family || !has_hop(ctx, key.family))
		return LEAVE_TO_HOST;
	if (key.family == KATRAN_IPV4)
		route.ipv4_src = vip->address.words[0];
	else
		__builtin_memcpy(route.ipv6_src, &vip->address, sizeof(vip->address));
	if (vip->port && route.sport)
		route.sport = vip->port;
	route.ifindex = ctx->ingress_ifindex;
	found = bpf_fib_lookup(ctx, &route, sizeof(route), 0);
	if (found == BPF_FIB_LKUP_RET_SUCCESS)
		verdict = route.ifindex == ctx->ingress_ifindex
				  ? XDP_TX
				  : bpf_redirect_map(&egresses, route.ifindex, XDP_PASS);
	else if (!is_for_host_to_route(ctx, found, key.family))
		return LEAVE_TO_HOST;
	if (verdict != XDP_PASS)
		write_macs(ctx, &route);
	return (__u64)number << 32 | verdict;
}

/*
 * Rewrites the packet's source to the VIP's address and takes `hops` off its TTL or hop limit.
 * NEXT: done. Any other result is as in rewrite_ipv4(). Global as well.
 */
__noinline int rewrite_source(struct xdp_md *ctx, __u32 kind, __u32 number, __u32 hops)
{
	bool is_fragment = kind & ANSWER_QUOTES_FRAGMENT;
	struct ethhdr *eth = packet_data(ctx);
	struct katran_vip_address *vip;

	if (!(config.features & KATRAN_USES_REWRITES))
		return XDP_DROP;
	vip = bpf_map_lookup_elem(&vip_addresses, &number);
	if (!vip || (void *)(eth + 1) > packet_end(ctx))
		return XDP_DROP;
	if (ethertype(eth) == bpf_htons(ETH_P_IP))
		return kind & ANSWER_IS_ERROR
			       ? rewrite_error_v4(ctx, vip->address.words[0], vip->port, SOURCE,
						  hops)
			       : rewrite_ipv4(ctx, kind >> ANSWER_PROTOCOL_SHIFT,
					      vip->address.words[0], vip->port, SOURCE, hops);
	return kind & ANSWER_IS_ERROR
		       ? rewrite_error_v6(ctx, &vip->address, vip->port, is_fragment, SOURCE, hops)
		       : rewrite_ipv6(ctx, kind >> ANSWER_PROTOCOL_SHIFT, &vip->address, vip->port,
				      SOURCE, hops);
}

/*
 * Sends a packet that is for no VIP to its client if it is the answer of a backend, and otherwise
 * leaves it to the host.
 */
static __always_inline int reverse_or_pass(struct xdp_md *ctx, const struct packet *packet)
{
	__u32 kind = packet->flow.protocol << ANSWER_PROTOCOL_SHIFT;
	__u64 answer;
	int verdict;

	if (!uses(packet, KATRAN_USES_REWRITES))
		return XDP_PASS;
	if (packet->is_icmp_error)
		kind |= ANSWER_IS_ERROR;
	if (packet->is_quoted_fragment)
		kind |= ANSWER_QUOTES_FRAGMENT;
	answer = route_answer(ctx, kind);
	verdict = (__u32)answer;
	if (verdict == LEAVE_TO_HOST)
		return XDP_PASS;
	if (rewrite_source(ctx, kind, answer >> 32, verdict != XDP_PASS) != NEXT)
		return XDP_DROP;
	count_event(verdict == XDP_PASS ? KATRAN_REVERSED_BY_HOST : KATRAN_REVERSED);
	return verdict;
}

#endif
