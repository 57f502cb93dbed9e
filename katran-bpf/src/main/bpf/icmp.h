/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP and ICMPv6 message types and their common header. */
#ifndef KATRAN_ICMP_H
#define KATRAN_ICMP_H

#include "packet.h"

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

/* The first eight bytes of an ICMP or ICMPv6 message. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 rest;
};

#endif
