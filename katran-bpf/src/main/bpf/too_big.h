/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Replies to packets that are too big to forward, with the VIP as the sender: ICMP "fragmentation
 * needed" (RFC 1191) or ICMPv6 "packet too big" (RFC 8201).
 *
 * Few packets need this, so it is not inline and shares nothing with the common path.
 */
#ifndef KATRAN_TOO_BIG_H
#define KATRAN_TOO_BIG_H

#include "error.h"

/* Bytes of the packet that the reply quotes. */
#define TOO_BIG_QUOTED_V4 84
#define TOO_BIG_QUOTED_V6 248

static __always_inline int answer_too_big_v4(struct xdp_md *ctx, __u32 mtu)
{
	int verdict = reply_error_v4(ctx, TOO_BIG_QUOTED_V4, ICMP_UNREACHABLE,
				     ICMP_FRAGMENTATION_NEEDED, mtu);

	if (verdict == XDP_TX)
		count_event(KATRAN_TOO_BIG_V4);
	return verdict;
}

static __always_inline int answer_too_big_v6(struct xdp_md *ctx, __u32 mtu)
{
	int verdict = reply_error_v6(ctx, TOO_BIG_QUOTED_V6, ICMPV6_PACKET_TOO_BIG, mtu);

	if (verdict == XDP_TX)
		count_event(KATRAN_TOO_BIG_V6);
	return verdict;
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
	__u8 family;

	if (!(config.features & KATRAN_USES_TOO_BIG) ||
	    !may_reply_error(ctx, is_icmp_error, &family))
		return XDP_DROP;
	return write_too_big(ctx, family, mtu);
}

#endif
