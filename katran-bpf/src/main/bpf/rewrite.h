/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rewrites packets in place: their destination towards a backend, their source on the way back. An
 * address, a port, the TTL or hop limit, and the checksums that cover them change; no length does.
 */
#ifndef KATRAN_REWRITE_H
#define KATRAN_REWRITE_H

#include "checksum.h"
#include "icmp.h"
#include "outer.h"
#include "quote.h"

/* Returned if the TTL or hop limit does not allow another hop. Nothing has been changed. */
#define TTL_SPENT (-5)

/* Offset of the byte behind a TCP header's checksum, which a quoted header may lack. */
#define TCP_CHECKSUM_END 18

/* The end of the packet that is rewritten. */
enum rewritten_end {
	SOURCE,
	DESTINATION,
};

/*
 * The functions that change a word return the difference that this makes to a sum of 16-bit words:
 * its complement, which is its negative, plus the new word.
 */

static __always_inline __u64 replace_port(__be16 *at, __be16 port)
{
	__be16 before = *at;

	if (!port) /* keep it */
		return 0;
	*at = port;
	return (__u16)~before + port;
}

static __always_inline __u64 replace_ipv4(__be32 *at, __be32 address)
{
	__be32 before = *at;

	*at = address;
	return (__u64)(__u32)~before + address;
}

static __always_inline __u64 replace_ipv6(struct in6_addr *at, const struct katran_address *address)
{
	struct address_words before = read_address_words((const void *)at);
	struct address_words after = read_address_words(address);

	((__u64 *)at)[0] = after.upper;
	((__u64 *)at)[1] = after.lower;
	before.upper = ~before.upper;
	before.lower = ~before.lower;
	return sum_address(before) + sum_address(after);
}

static __always_inline __u64 patch_checksum(__sum16 *checksum, __u64 difference)
{
	__u16 before = *checksum;

	*checksum = checksum_patched(before, difference);
	return (__u64)(__u16)~before + *checksum;
}

/* A UDP checksum of 0 means none. One that is computed as 0 is sent as its other form: RFC 768. */
static __always_inline __u64 patch_udp(struct udphdr *udp, __u64 difference)
{
	__u16 before = udp->check;
	__u16 after = checksum_patched(before, difference);

	if (!before)
		return 0;
	if (!after)
		after = 0xffff;
	udp->check = after;
	return (__u64)(__u16)~before + after;
}

static __always_inline __be16 *port_at(void *transport, enum rewritten_end which)
{
	struct udphdr *udp = transport; /* TCP's ports are at the same offsets */

	return which == SOURCE ? &udp->source : &udp->dest;
}

/*
 * Replaces the port of the header, of which `available` bytes are in the packet, at least eight.
 * Patches its checksum, if that is there. `difference` is that of the addresses.
 */
static __always_inline __u64 rewrite_transport(void *transport, void *end, int available,
					       __u8 protocol, __be16 port, __u64 difference,
					       enum rewritten_end which)
{
	struct tcphdr *tcp = transport;
	__u64 of_port = replace_port(port_at(transport, which), port);

	if (protocol == IPPROTO_UDP)
		return of_port + patch_udp(transport, difference + of_port);
	if (transport + TCP_CHECKSUM_END > end || available < TCP_CHECKSUM_END)
		return of_port;
	return of_port + patch_checksum(&tcp->check, difference + of_port);
}

/* Takes `hops` off the TTL, and returns the difference. */
static __always_inline __u64 take_hops(struct iphdr *ip, __u8 hops)
{
	ip->ttl -= hops;
	return hops ? TTL_LESS_ONE : 0;
}

/*
 * Rewrites a TCP or UDP packet over IPv4. `hops` is 1, or 0 if the host is to route the packet.
 * NEXT: done. Any other result is TTL_SPENT, or a verdict. The parser has checked the headers.
 */
static __always_inline int rewrite_ipv4(struct xdp_md *ctx, __u8 protocol, __be32 address,
					__be16 port, enum rewritten_end which, __u8 hops)
{
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	void *end = packet_end(ctx);
	__u64 difference;

	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	if (ip->ttl <= hops)
		return TTL_SPENT;
	difference = replace_ipv4(which == SOURCE ? &ip->saddr : &ip->daddr, address);
	patch_checksum(&ip->check, difference + take_hops(ip, hops));
	rewrite_transport(udp, end, TCP_CHECKSUM_END, protocol, port, difference, which);
	return NEXT;
}

/* The same for IPv6. */
static __always_inline int rewrite_ipv6(struct xdp_md *ctx, __u8 protocol,
					const struct katran_address *address, __be16 port,
					enum rewritten_end which, __u8 hops)
{
	struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	void *end = packet_end(ctx);
	__u64 difference;

	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	if (ip->hop_limit <= hops)
		return TTL_SPENT;
	difference = replace_ipv6(which == SOURCE ? &ip->saddr : &ip->daddr, address);
	ip->hop_limit -= hops;
	rewrite_transport(udp, end, TCP_CHECKSUM_END, protocol, port, difference, which);
	return NEXT;
}

/*
 * Rewrites an ICMP error and, at its other end, the packet that it quotes: RFC 5508, section 4.2.
 * The parser has checked both.
 */
static __always_inline int rewrite_error_v4(struct xdp_md *ctx, __be32 address, __be16 port,
					    enum rewritten_end which, __u8 hops)
{
	const enum rewritten_end quoted_end = which == SOURCE ? DESTINATION : SOURCE;
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp = (void *)(ip + 1);
	struct iphdr *quoted = (void *)(icmp + 1);
	struct udphdr *udp = (void *)(quoted + 1);
	void *end = packet_end(ctx);
	__u64 difference;
	__u64 of_message;
	int available;

	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	if (ip->ttl <= hops)
		return TTL_SPENT;
	available = bpf_ntohs(ip->tot_len) - (int)((void *)udp - (void *)ip);
	difference = replace_ipv4(which == SOURCE ? &ip->saddr : &ip->daddr, address);
	patch_checksum(&ip->check, difference + take_hops(ip, hops));
	difference = replace_ipv4(which == SOURCE ? &quoted->daddr : &quoted->saddr, address);
	of_message = difference + patch_checksum(&quoted->check, difference) +
		     rewrite_transport(udp, end, available, quoted->protocol, port, difference,
				       quoted_end);
	patch_checksum(&icmp->checksum, of_message);
	return NEXT;
}

/* The same for ICMPv6, whose checksum covers the addresses as well. */
static __always_inline int rewrite_error_v6(struct xdp_md *ctx,
					    const struct katran_address *address, __be16 port,
					    bool is_fragment, enum rewritten_end which,
					    __u8 hops)
{
	const enum rewritten_end quoted_end = which == SOURCE ? DESTINATION : SOURCE;
	struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp = (void *)(ip + 1);
	struct ipv6hdr *quoted = (void *)(icmp + 1);
	struct ipv6_fragment *fragment = (void *)(quoted + 1);
	struct udphdr *udp = (void *)fragment;
	void *end = packet_end(ctx);
	__u64 difference;
	__u64 of_message;
	int available;
	__u8 protocol;

	if ((void *)(fragment + 1) > end)
		return XDP_DROP;
	available = bpf_ntohs(ip->payload_len) - (int)((void *)fragment - (void *)icmp);
	protocol = quoted->nexthdr;
	if (is_fragment) {
		available -= sizeof(*fragment);
		protocol = fragment->next_header;
		udp = (void *)(fragment + 1);
		if ((void *)(udp + 1) > end)
			return XDP_DROP;
	}
	if (ip->hop_limit <= hops)
		return TTL_SPENT;
	of_message = replace_ipv6(which == SOURCE ? &ip->saddr : &ip->daddr, address);
	ip->hop_limit -= hops;
	difference = replace_ipv6(which == SOURCE ? &quoted->daddr : &quoted->saddr, address);
	of_message += difference + rewrite_transport(udp, end, available, protocol, port,
						     difference, quoted_end);
	patch_checksum(&icmp->checksum, of_message);
	return NEXT;
}

#endif
