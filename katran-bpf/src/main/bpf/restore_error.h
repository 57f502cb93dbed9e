/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors that this host sends about packets of clients (RFC 5508, section 4). Such an error
 * quotes the packet as the balancer sent it, to the server's address and port. Its receiver only
 * recognises it if the quote has those of the VIP.
 *
 * Few packets are ICMP, so the functions are not inline.
 */
#ifndef KATRAN_RESTORE_ERROR_H
#define KATRAN_RESTORE_ERROR_H

#include "checksum.h"
#include "icmp.h"
#include "restore.h"

/* The four bytes of a TCP header that end with the checksum. */
struct tcp_tail {
	__be16 window;
	__sum16 check;
};

/* An error's quote, while it is changed. */
struct quote_change {
	__u32 difference; /* of the ICMP checksum */
	bool has_tail;	  /* the quote is long enough for the checksum of TCP */
	struct udphdr head; /* the first 8 bytes of the transport header, also of TCP */
	struct tcp_tail tail;
};

/* Returns a checksum after what it covers has changed by `difference`. */
static __always_inline __u16 checksum_apply(__u16 checksum, __u32 difference)
{
	return ~checksum_fold_wide((__u64)difference + (__u16)~checksum);
}

/* Replaces bytes of the quote, a multiple of 4, and notes the difference. */
static __always_inline bool replace_quoted(struct __sk_buff *skb, struct quote_change *change,
					   __u32 offset, void *old, void *new, __u32 size)
{
	change->difference = bpf_csum_diff(old, size, new, size, change->difference);
	return !bpf_skb_store_bytes(skb, offset, new, size, 0);
}

/* Makes the VIP's port the destination, and updates the checksum if the quote contains it. */
static __always_inline bool restore_quoted_transport(struct __sk_buff *skb,
						     const struct ip_packet *quoted,
						     const struct katran_restoration *vip,
						     struct quote_change *change)
{
	struct tcp_tail tail = change->tail;
	struct udphdr head = change->head;
	__u32 difference = address_difference(&quoted->destination, &vip->address, 0);

	if (vip->port)
		head.dest = vip->port;
	/* the ports are the first word */
	difference = bpf_csum_diff((__be32 *)&change->head, 4, (__be32 *)&head, 4, difference);
	if (quoted->protocol == IPPROTO_UDP && head.check) {
		head.check = checksum_apply(head.check, difference);
		if (!head.check)
			head.check = 0xffff;
	}
	if (change->has_tail) {
		tail.check = checksum_apply(tail.check, difference);
		if (!replace_quoted(skb, change,
				    quoted->transport + offsetof(struct tcphdr, window),
				    &change->tail, &tail, sizeof(tail)))
			return false;
	}
	return replace_quoted(skb, change, quoted->transport, &change->head, &head, sizeof(head));
}

/*
 * Makes the VIP's address the destination. In IPv4 the header's checksum makes up for it, so that
 * the ICMP checksum, which covers both, stays as it is.
 */
static __always_inline bool restore_quoted_address(struct __sk_buff *skb,
						   const struct ip_packet *quoted,
						   const struct katran_restoration *vip,
						   struct quote_change *change)
{
	if (quoted->family == KATRAN_IPV6)
		change->difference = address_difference(&quoted->destination, &vip->address,
							change->difference);
	return write_address(skb, quoted->family, quoted->network, offsetof(struct iphdr, daddr),
			     offsetof(struct ipv6hdr, daddr), &quoted->destination, &vip->address);
}

static __always_inline bool same_address(const struct katran_address *a,
					 const struct katran_address *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1] &&
	       a->words[2] == b->words[2] && a->words[3] == b->words[3];
}

/*
 * Makes the VIP the error's source, unless a router behind the server's address sent the error. The
 * checksum of ICMPv6 covers the source as well.
 */
static __always_inline bool restore_error_source(struct __sk_buff *skb,
						 const struct ip_packet *packet,
						 const struct ip_packet *quoted,
						 const struct katran_restoration *vip)
{
	__u32 checksum = packet->transport + offsetof(struct icmp_header, checksum);

	if (!same_address(&packet->source, &quoted->destination))
		return true;
	if (packet->family == KATRAN_IPV6 &&
	    bpf_l4_csum_replace(skb, checksum, 0,
				address_difference(&packet->source, &vip->address, 0),
				BPF_F_PSEUDO_HDR))
		return false;
	return write_source(skb, packet, &vip->address);
}

/* Parses the packet that an ICMP error quotes. False: it is no error, or about no flow of ours. */
static __always_inline bool parse_quoted(struct __sk_buff *skb, const struct ip_packet *packet,
					 struct ip_packet *quoted, struct quote_change *change)
{
	struct icmp_header icmp;

	if (!read_bytes(skb, packet->transport, &icmp, sizeof(icmp)))
		return false;
	if (packet->family == KATRAN_IPV4 ? !is_icmp_error(icmp.type) : !is_icmpv6_error(icmp.type))
		return false;
	if (!parse_packet(skb, packet->family, packet->transport + sizeof(icmp), quoted) ||
	    quoted->is_later_fragment)
		return false;
	if (quoted->protocol != IPPROTO_TCP && quoted->protocol != IPPROTO_UDP)
		return false;
	change->has_tail = quoted->protocol == IPPROTO_TCP &&
			   read_bytes(skb, quoted->transport + offsetof(struct tcphdr, window),
				      &change->tail, sizeof(change->tail));
	return read_bytes(skb, quoted->transport, &change->head, sizeof(change->head));
}

/* Restores the VIP in an ICMP error. Returns 1 if it was changed, 0 if not, -1 without memory. */
static __noinline int restore_error(struct __sk_buff *skb, const struct ip_packet *packet)
{
	const struct katran_restoration *vip;
	struct quote_change change = {};
	struct ip_packet quoted = {};

	if (!parse_quoted(skb, packet, &quoted, &change))
		return 0;
	vip = find_restoration(quoted.family, &quoted.destination, quoted.protocol,
			       change.head.dest);
	if (!vip || is_exception(packet))
		return 0;
	if (restore_quoted_transport(skb, &quoted, vip, &change) &&
	    restore_quoted_address(skb, &quoted, vip, &change) &&
	    !bpf_l4_csum_replace(skb,
				 packet->transport + offsetof(struct icmp_header, checksum), 0,
				 change.difference, 0) &&
	    restore_error_source(skb, packet, &quoted, vip))
		return 1;
	return -1;
}

#endif
