/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Replies to a packet with an ICMP error (RFC 792) or ICMPv6 error (RFC 4443), with the VIP as the
 * sender. Few packets need this, so it shares nothing with the common path.
 */
#ifndef KATRAN_ERROR_H
#define KATRAN_ERROR_H

#include "address.h"
#include "budget.h"
#include "checksum.h"
#include "config.h"
#include "icmp.h"
#include "packet.h"
#include "vip.h"

#define ERROR_TTL 64

struct error_v4 {
	struct iphdr ip;
	struct icmp_header icmp;
	struct iphdr quoted;
};

struct error_v6 {
	struct ipv6hdr ip;
	struct icmp_header icmp;
	struct ipv6hdr quoted;
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

/*
 * Replaces the packet by an error that quotes its first `quoted` bytes, a constant that is a
 * multiple of 4. `rest` is the second word of the message. Returns the verdict.
 */
static __always_inline int reply_error_v4(struct xdp_md *ctx, __u32 quoted, __u8 type, __u8 code,
					  __u32 rest)
{
	const __u32 headers = offsetof(struct error_v4, quoted);
	const __u32 message = sizeof(struct icmp_header) + quoted;
	struct error_v4 *answer;
	struct ethhdr *eth;

	eth = turn_into_quote(ctx, quoted, headers);
	if (!eth)
		return XDP_DROP;
	answer = (void *)(eth + 1);
	if ((void *)answer + headers + quoted > packet_end(ctx))
		return XDP_DROP;

	__builtin_memset(&answer->ip, 0, sizeof(answer->ip));
	answer->ip.version = 4;
	answer->ip.ihl = 5;
	answer->ip.tot_len = bpf_htons(headers + quoted);
	answer->ip.ttl = ERROR_TTL;
	answer->ip.protocol = IPPROTO_ICMP;
	answer->ip.saddr = answer->quoted.daddr;
	answer->ip.daddr = answer->quoted.saddr;
	answer->ip.check = ipv4_checksum(&answer->ip);

	answer->icmp.type = type;
	answer->icmp.code = code;
	answer->icmp.checksum = 0;
	answer->icmp.rest = bpf_htonl(rest);
	answer->icmp.checksum =
		~checksum_fold(bpf_csum_diff(NULL, 0, (__be32 *)&answer->icmp, message, 0));
	return XDP_TX;
}

/* The same for IPv6. */
static __always_inline int reply_error_v6(struct xdp_md *ctx, __u32 quoted, __u8 type, __u32 rest)
{
	const __u32 headers = offsetof(struct error_v6, quoted);
	const __u32 message = sizeof(struct icmp_header) + quoted;
	const __u32 addresses = 2 * sizeof(struct in6_addr);
	struct error_v6 *answer;
	struct ethhdr *eth;

	eth = turn_into_quote(ctx, quoted, headers);
	if (!eth)
		return XDP_DROP;
	answer = (void *)(eth + 1);
	if ((void *)answer + headers + quoted > packet_end(ctx))
		return XDP_DROP;

	*(__be32 *)&answer->ip = bpf_htonl(6 << 28);
	answer->ip.payload_len = bpf_htons(message);
	answer->ip.nexthdr = IPPROTO_ICMPV6;
	answer->ip.hop_limit = ERROR_TTL;
	answer->ip.saddr = answer->quoted.daddr;
	answer->ip.daddr = answer->quoted.saddr;

	answer->icmp.type = type;
	answer->icmp.code = 0;
	answer->icmp.checksum = 0;
	answer->icmp.rest = bpf_htonl(rest);
	/* the sum covers the addresses in front of the message; length and protocol are the seed */
	answer->icmp.checksum = ~checksum_fold(
		bpf_csum_diff(NULL, 0, (__be32 *)&answer->ip.saddr, addresses + message,
			      bpf_htons(message) + bpf_htons(IPPROTO_ICMPV6)));
	return XDP_TX;
}

/*
 * Returns whether an error may reply to the packet, within this second's budget, and its family.
 * Not to ICMP errors, nor to packets from no unicast address (RFC 1122, section 3.2.2).
 */
static __always_inline bool may_reply_error(struct xdp_md *ctx, bool is_icmp_error, __u8 *family)
{
	struct katran_flow flow;

	if (is_icmp_error || !read_addresses(ctx, &flow) ||
	    !may_answer(&flow.source, &flow.destination, flow.family) ||
	    !has_answer_budget(KATRAN_ERRORS_SENT))
		return false;
	*family = flow.family;
	return true;
}

#endif
