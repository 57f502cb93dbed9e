/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Replies to packets that have no hop left, with the VIP as the sender: ICMP "time to live exceeded
 * in transit" (RFC 792) or ICMPv6 "hop limit exceeded in transit" (RFC 4443).
 */
#ifndef KATRAN_TIME_EXCEEDED_H
#define KATRAN_TIME_EXCEEDED_H

#include "error.h"

/* What the reply quotes of any packet, however short: its IP header and the 8 bytes behind it. */
#define TIME_EXCEEDED_QUOTED_V4 28
#define TIME_EXCEEDED_QUOTED_V6 48

/*
 * Replies to a packet within this second's budget, or drops it. Global: the verifier checks it
 * once.
 */
__noinline int answer_time_exceeded(struct xdp_md *ctx, __u32 is_icmp_error)
{
	__u8 family;
	int verdict;

	if (!(config.features & KATRAN_USES_REWRITES) ||
	    !may_reply_error(ctx, is_icmp_error, &family))
		return XDP_DROP;
	verdict = family == KATRAN_IPV4 ? reply_error_v4(ctx, TIME_EXCEEDED_QUOTED_V4,
							 ICMP_TIME_EXCEEDED, 0, 0)
					: reply_error_v6(ctx, TIME_EXCEEDED_QUOTED_V6,
							 ICMPV6_TIME_EXCEEDED, 0);
	if (verdict == XDP_TX)
		count_event(KATRAN_TIME_EXCEEDED);
	return verdict;
}

#endif
