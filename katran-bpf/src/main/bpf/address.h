/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kinds of IP addresses. */
#ifndef KATRAN_ADDRESS_H
#define KATRAN_ADDRESS_H

#include "packet.h"

#define FIRST_MULTICAST_V4 224 /* first byte; 240 and up are reserved, 255.255.255.255 is broadcast */
#define THIS_NETWORK_V4 0
#define LOOPBACK_V4 127
#define MULTICAST_V6 0xff

/*
 * Returns whether an address identifies a single host on the network, so that an answer may be sent
 * to it: RFC 1122, section 3.2.2, and RFC 4443, section 2.4(e).
 */
static __always_inline bool is_unicast(const struct katran_address *address, __u8 family)
{
	__u8 first = bpf_ntohl(address->words[0]) >> 24;

	if (family == KATRAN_IPV4)
		return first != THIS_NETWORK_V4 && first != LOOPBACK_V4 &&
		       first < FIRST_MULTICAST_V4;
	if (first == MULTICAST_V6)
		return false;
	/* neither the unspecified address (::) nor loopback (::1) */
	return address->words[0] || address->words[1] || address->words[2] ||
	       bpf_ntohl(address->words[3]) > 1;
}

static __always_inline bool same_address(const struct katran_address *left,
					 const struct katran_address *right)
{
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		difference |= left->words[i] ^ right->words[i];
	return !difference;
}

/*
 * Returns whether an ICMP message may answer a packet with these addresses: not if its source is no
 * unicast address, nor if it pretends to come from its own destination.
 */
static __always_inline bool may_answer(const struct katran_address *source,
				       const struct katran_address *destination, __u8 family)
{
	return is_unicast(source, family) && !same_address(source, destination);
}

#endif
