/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lengths that IP headers state. A packet ends where its header says, not where its frame ends:
 * Ethernet pads short frames.
 */
#ifndef KATRAN_LENGTHS_H
#define KATRAN_LENGTHS_H

#include "packet.h"

/* The first byte of an IPv4 header without options: version 4, five words. */
#define IPV4_WITHOUT_OPTIONS 0x45

/*
 * Returns whether an IPv4 header has the right version, and lengths that hold the header and fit
 * into the `available` bytes. Linux applies the same rules in ip_rcv().
 */
static __always_inline bool is_well_formed_v4(const struct iphdr *ip, __u32 available)
{
	__u32 total = bpf_ntohs(ip->tot_len);

	if (total > available)
		return false;
	if (*(const __u8 *)ip == IPV4_WITHOUT_OPTIONS)
		return total >= sizeof(*ip);
	return ip->version == 4 && ip->ihl >= 5 && total >= ip->ihl * 4U;
}

/* The same for an IPv6 header. */
static __always_inline bool is_well_formed_v6(const struct ipv6hdr *ip, __u32 available)
{
	return ip->version == 6 && bpf_ntohs(ip->payload_len) + sizeof(*ip) <= available;
}

/*
 * Returns the bytes of a UDP payload, bounded by the header's own length and by the `available`
 * bytes of header and payload. Returns a negative value if the length is wrong.
 */
static __always_inline int udp_payload(const struct udphdr *udp, __u32 available)
{
	__u32 length = bpf_ntohs(udp->len);

	if (length < sizeof(*udp) || length > available)
		return -1;
	return length - sizeof(*udp);
}

/* Returns whether a TCP header's own length holds its fixed part and fits into the segment. */
static __always_inline bool is_well_formed_tcp(const struct tcphdr *tcp, __u32 available)
{
	__u32 length = tcp->doff * 4U;

	return length >= sizeof(*tcp) && length <= available;
}

#endif
