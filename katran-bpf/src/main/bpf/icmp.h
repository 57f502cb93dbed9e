/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers that the balancer gives itself. */
#ifndef KATRAN_ICMP_H
#define KATRAN_ICMP_H

#include "checksum.h"
#include "packet.h"
#include "vip.h"

#define ECHO_REPLY_TTL 64

/* RFC 792 */
enum {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_ECHO_REQUEST = 8,
};

#define ICMP_FRAGMENTATION_NEEDED 4 /* code of ICMP_UNREACHABLE, RFC 1191 */

/* RFC 4443 */
enum {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_PACKET_TOO_BIG = 2,
	ICMPV6_ECHO_REQUEST = 128,
	ICMPV6_ECHO_REPLY = 129,
};

/* The start of every message of both. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 rest;
};

static __always_inline void swap_macs(struct ethhdr *eth)
{
	struct mac *destination = (void *)eth->h_dest;
	struct mac *source = (void *)eth->h_source;
	struct mac copy = *source;

	*source = *destination;
	*destination = copy;
}

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
 * Answers an echo request in place if it is for the address of a VIP; any other one is the
 * host's, and passes.
 */
static __always_inline int reply_to_ping(struct xdp_md *ctx, const struct packet *packet)
{
	struct ethhdr *eth = packet_data(ctx);
	void *end = packet_end(ctx);

	if (!answers_ping(packet))
		return XDP_PASS;
	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	return packet->flow.family == KATRAN_IPV4 ? reply_to_ping_v4(eth, end)
						  : reply_to_ping_v6(eth, end);
}

#endif
