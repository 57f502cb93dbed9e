/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Explicit congestion notification across tunnels: RFC 6040. */
#ifndef KATRAN_ECN_H
#define KATRAN_ECN_H

#include "checksum.h"
#include "packet.h"

#define ECN_MASK 3
#define ECN_NOT_ECT 0
#define ECN_ECT_1 1
#define ECN_ECT_0 2
#define ECN_CE 3

/* Returned by merge_ecn(): drop the packet. */
#define ECN_DROP (-1)

/*
 * Returns the codepoint that the inner packet leaves the tunnel with: RFC 6040, figure 4. A packet
 * that was marked on its way although its sender does not understand marks must be dropped: that is
 * how this sender learns of the congestion.
 */
static __always_inline int merge_ecn(__u8 outer, __u8 inner)
{
	outer &= ECN_MASK;
	inner &= ECN_MASK;
	if (outer == ECN_CE)
		return inner == ECN_NOT_ECT ? ECN_DROP : ECN_CE;
	if (outer == ECN_ECT_1 && inner == ECN_ECT_0)
		return ECN_ECT_1;
	return inner;
}

/*
 * Carries the congestion mark of a removed outer header with traffic class `outer` into an inner
 * IPv4 header. Returns false if the packet must be dropped.
 */
static __always_inline bool carry_ecn_v4(struct iphdr *ip, __u8 outer)
{
	__u16 *version_and_tos = (__u16 *)ip;
	__u16 before = *version_and_tos;
	int merged = merge_ecn(outer, ip->tos);

	if (merged == ECN_DROP)
		return false;
	if (merged == (ip->tos & ECN_MASK))
		return true;
	ip->tos = (ip->tos & ~ECN_MASK) | merged;
	ip->check = checksum_update(ip->check, before, *version_and_tos);
	return true;
}

/* The same for an inner IPv6 header. */
static __always_inline bool carry_ecn_v6(struct ipv6hdr *ip, __u8 outer)
{
	__u8 *low = (__u8 *)ip + 1; /* its upper half is the traffic class's lower half */
	int merged = merge_ecn(outer, ipv6_traffic_class(ip));

	if (merged == ECN_DROP)
		return false;
	*low = (*low & ~(ECN_MASK << 4)) | merged << 4;
	return true;
}

#endif
