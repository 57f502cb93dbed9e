/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Replies to packets that are too big to forward, with the VIP as the sender: ICMP "fragmentation
 * needed" (RFC 1191) or ICMPv6 "packet too big" (RFC 8201).
 *
 * Few packets need this, so it is not inline and shares nothing with the common path.
 */
#ifndef KATRAN_TOO_BIG_H
#define KATRAN_TOO_BIG_H

#include "address.h"
#include "budget.h"
#include "checksum.h"
#include "config.h"
#include "icmp.h"
#include "packet.h"
#include "vip.h"

#define TOO_BIG_TTL 64

/* Bytes of the packet that the reply quotes, a multiple of 4. */
#define TOO_BIG_QUOTED_V4 84
#define TOO_BIG_QUOTED_V6 248

struct too_big_v4 {
	struct iphdr ip;
	struct icmp_header icmp;
	union {
		struct iphdr packet;
		__u8 bytes[TOO_BIG_QUOTED_V4];
	} quoted;
};

struct too_big_v6 {
	struct ipv6hdr ip;
	struct icmp_header icmp;
	union {
		struct ipv6hdr packet;
		__u8 bytes[TOO_BIG_QUOTED_V6];
	} quoted;
};

/*
 * Truncates the packet to its first `quoted` bytes and makes room in front of it for `headers`
 * bytes and a new Ethernet header. Writes that Ethernet header, addressed to the frame's sender.
 * Returns NULL if the frame cannot be resized.
 */
static __always_inline struct ethhdr *turn_into_quote(struct xdp_md *ctx, int quoted, int headers)
{
	struct ethhdr *eth;
	struct ethhdr copy;

	if (bpf_xdp_adjust_tail(ctx, ETH_HLEN + quoted - (int)frame_length(ctx)))
		return NULL;
	eth = packet_data(ctx);
	if ((void *)(eth + 1) > packet_end(ctx))
		return NULL;
	copy = *eth;
	swap_macs(&copy);
	if (bpf_xdp_adjust_head(ctx, -headers))
		return NULL;
	eth = packet_data(ctx);
	if ((void *)(eth + 1) > packet_end(ctx))
		return NULL;
	*eth = copy;
	return eth;
}

static __always_inline int answer_too_big_v4(struct xdp_md *ctx, __u32 mtu)
{
	const __u32 message = sizeof(struct icmp_header) + TOO_BIG_QUOTED_V4;
	struct too_big_v4 *answer;
	struct ethhdr *eth;

	eth = turn_into_quote(ctx, TOO_BIG_QUOTED_V4, sizeof(*answer) - TOO_BIG_QUOTED_V4);
	if (!eth)
		return XDP_DROP;
	answer = (void *)(eth + 1);
	if ((void *)(answer + 1) > packet_end(ctx))
		return XDP_DROP;

	__builtin_memset(&answer->ip, 0, sizeof(answer->ip));
	answer->ip.version = 4;
	answer->ip.ihl = 5;
	answer->ip.tot_len = bpf_htons(sizeof(*answer));
	answer->ip.ttl = TOO_BIG_TTL;
	answer->ip.protocol = IPPROTO_ICMP;
	answer->ip.saddr = answer->quoted.packet.daddr;
	answer->ip.daddr = answer->quoted.packet.saddr;
	answer->ip.check = ipv4_checksum(&answer->ip);

	answer->icmp.type = ICMP_UNREACHABLE;
	answer->icmp.code = ICMP_FRAGMENTATION_NEEDED;
	answer->icmp.checksum = 0;
	answer->icmp.rest = bpf_htonl(mtu);
	answer->icmp.checksum =
		~checksum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer->icmp, message, 0));
	count_event(KATRAN_TOO_BIG_V4);
	return XDP_TX;
}

static __always_inline int answer_too_big_v6(struct xdp_md *ctx, __u32 mtu)
{
	const __u32 message = sizeof(struct icmp_header) + TOO_BIG_QUOTED_V6;
	const __u32 addresses = 2 * sizeof(struct in6_addr);
	struct too_big_v6 *answer;
	struct ethhdr *eth;

	eth = turn_into_quote(ctx, TOO_BIG_QUOTED_V6, sizeof(*answer) - TOO_BIG_QUOTED_V6);
	if (!eth)
		return XDP_DROP;
	answer = (void *)(eth + 1);
	if ((void *)(answer + 1) > packet_end(ctx))
		return XDP_DROP;

	*(__be32 *)&answer->ip = bpf_htonl(6 << 28);
	answer->ip.payload_len = bpf_htons(message);
	answer->ip.nexthdr = IPPROTO_ICMPV6;
	answer->ip.hop_limit = TOO_BIG_TTL;
	answer->ip.saddr = answer->quoted.packet.daddr;
	answer->ip.daddr = answer->quoted.packet.saddr;

	answer->icmp.type = ICMPV6_PACKET_TOO_BIG;
	answer->icmp.code = 0;
	answer->icmp.checksum = 0;
	answer->icmp.rest = bpf_htonl(mtu);
	/* the sum covers the addresses in front of the message; length and protocol are the seed */
	answer->icmp.checksum = ~checksum_fold(
		bpf_csum_diff(NULL, 0, (__be32 *)&answer->ip.saddr, addresses + message,
			      bpf_htons(message) + bpf_htons(IPPROTO_ICMPV6)));
	count_event(KATRAN_TOO_BIG_V6);
	return XDP_TX;
}

static __always_inline int write_too_big(struct xdp_md *ctx, __u8 family, __u32 mtu)
{
	if (family == KATRAN_IPV4)
		return answer_too_big_v4(ctx, mtu);
	return answer_too_big_v6(ctx, mtu < IPV6_MIN_MTU ? IPV6_MIN_MTU : mtu);
}

/*
 * Replies to a packet that is longer than `mtu`, within this second's budget, or drops it. Drops
 * ICMP errors, packets from no unicast address (RFC 1122, section 3.2.2), and frames that the
 * driver cannot resize.
 */
static __noinline int answer_too_big(struct xdp_md *ctx, __u32 mtu, bool is_icmp_error)
{
	struct katran_flow flow;

	if (!(config.features & KATRAN_USES_TOO_BIG) || is_icmp_error ||
	    !read_addresses(ctx, &flow) ||
	    !may_answer(&flow.source, &flow.destination, flow.family) ||
	    !has_answer_budget(KATRAN_ERRORS_SENT))
		return XDP_DROP;
	return write_too_big(ctx, flow.family, mtu);
}

#endif
