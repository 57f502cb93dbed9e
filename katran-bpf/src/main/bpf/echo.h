/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Replies to pings of VIP addresses. */
#ifndef KATRAN_ECHO_H
#define KATRAN_ECHO_H

#include "address.h"
#include "budget.h"
#include "checksum.h"
#include "icmp.h"
#include "packet.h"
#include "vip.h"

#define ECHO_REPLY_TTL 64

static __always_inline int reply_to_ping_v4(struct ethhdr *eth, void *end)
{
	struct iphdr *ip = (void *)(eth + 1);
	struct icmp_header *icmp = (void *)(ip + 1);
	__u16 *ttl_and_protocol = (__u16 *)&ip->ttl;
	__be32 source;
	__u16 before;

	if ((void *)(icmp + 1) > end)
		return XDP_DROP;
	before = *ttl_and_protocol;
	ip->ttl = ECHO_REPLY_TTL;
	ip->check = checksum_update(ip->check, before, *ttl_and_protocol);
	source = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = source;
	icmp->type = ICMP_ECHO_REPLY;
	icmp->checksum = checksum_update(icmp->checksum, bpf_htons(ICMP_ECHO_REQUEST << 8),
					 bpf_htons(ICMP_ECHO_REPLY << 8));
	swap_macs(eth);
	return XDP_TX;
}

static __always_inline int reply_to_ping_v6(struct ethhdr *eth, void *end)
{
	struct ipv6hdr *ip = (void *)(eth + 1);
	struct icmp_header *icmp = (void *)(ip + 1);
	struct in6_addr source;

	if ((void *)(icmp + 1) > end)
		return XDP_DROP;
	ip->hop_limit = ECHO_REPLY_TTL;
	source = ip->saddr;
	ip->saddr = ip->daddr;
	ip->daddr = source;
	icmp->type = ICMPV6_ECHO_REPLY;
	icmp->checksum = checksum_update(icmp->checksum, bpf_htons(ICMPV6_ECHO_REQUEST << 8),
					 bpf_htons(ICMPV6_ECHO_REPLY << 8));
	swap_macs(eth);
	return XDP_TX;
}

/*
 * Replies in place to an echo request for a VIP's address, within this second's budget. Drops one
 * from no unicast address or from the VIP itself. Passes requests for other addresses to the host.
 * Not inline: few packets need it, and it must not cost the others registers.
 */
static __noinline int reply_to_ping(struct xdp_md *ctx)
{
	struct katran_flow flow;
	struct ethhdr *eth;
	void *end;

	if (!read_addresses(ctx, &flow) || !is_vip_address(&flow))
		return XDP_PASS;
	eth = packet_data(ctx);
	end = packet_end(ctx);
	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (!may_answer(&flow.source, &flow.destination, flow.family) ||
	    !has_answer_budget(KATRAN_REPLIES_SENT))
		return XDP_DROP;
	return flow.family == KATRAN_IPV4 ? reply_to_ping_v4(eth, end)
					   : reply_to_ping_v6(eth, end);
}

#endif
