/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outer headers that all encapsulations share. */
#ifndef KATRAN_OUTER_H
#define KATRAN_OUTER_H

#include "checksum.h"
#include "config.h"
#include "ecn.h"
#include "lengths.h"
#include "packet.h"

#define OUTER_TTL 64
#define MAC_MASK 0xffffffffffff

/*
 * Returns the outer traffic class. The ECN field is always the packet's own (RFC 6040, section
 * 4.1), so that routers on the way can mark the packet.
 */
static __always_inline __u8 outer_tos(const struct packet *packet)
{
	if (uses(packet, KATRAN_USES_FIXED_TOS))
		return (config.tos & ~ECN_MASK) | (packet->tos & ECN_MASK);
	return packet->tos;
}

/*
 * Returns the flags of an outer IPv4 header. A copied DF makes the datagram atomic, so that its
 * identification may be 0 (RFC 2003, section 3.1; RFC 6864).
 */
static __always_inline __be16 outer_fragmentation(const struct packet *packet)
{
	__be16 flags = 0;

	if (uses(packet, KATRAN_USES_DONT_FRAGMENT)) {
		flags = packet->dont_fragment;
		barrier_var(flags); /* a branch, which the verifier removes, and not a mask */
	}
	return flags;
}

/*
 * The headers are written in words that were put together in registers: a CPU stalls if it loads a
 * word that it has just stored in parts, as a checksum of the written header would.
 */

/* Writes the IPv4 header of an outer packet with `length` bytes of payload. */
static __always_inline void write_outer_ipv4(struct iphdr *ip, const struct packet *packet,
					     __u8 protocol, __be32 source, __be32 destination,
					     __u32 length)
{
	__be32 *words = (__be32 *)ip;
	__be32 first = bpf_htonl(IPV4_WITHOUT_OPTIONS << 24 | (__u32)outer_tos(packet) << 16 |
				 (sizeof(*ip) + length));
	__be32 second = (__u32)outer_fragmentation(packet) << 16; /* and an identification of 0 */
	__be32 third = bpf_htonl(OUTER_TTL << 24 | protocol << 16);
	__u16 sum = checksum_fold_wide((__u64)first + second + third + source + destination);

	words[0] = first;
	words[1] = second;
	words[2] = third | (__u32)(__u16)~sum << 16;
	words[3] = source;
	words[4] = destination;
}

/* An IPv6 address as two words in the order of memory. */
struct address_words {
	__u64 upper;
	__u64 lower;
};

static __always_inline struct address_words
read_address_words(const volatile struct katran_address *address)
{
	const volatile __u64 *words = (const volatile void *)address;
	const struct address_words result = {
		.upper = words[0],
		.lower = words[1],
	};

	return result;
}

/* Returns the unfolded sum of an address. */
static __always_inline __u64 sum_address(struct address_words address)
{
	return (__u64)(__u32)address.upper + (address.upper >> 32) + (__u32)address.lower +
	       (address.lower >> 32);
}

/* Writes the IPv6 header of an outer packet with `length` bytes of payload and a flow label of 0. */
static __always_inline void write_outer_ipv6(struct ipv6hdr *ip, const struct packet *packet,
					     __u8 protocol, struct address_words source,
					     struct address_words destination, __u32 length)
{
	__u64 *words = (__u64 *)ip;

	words[0] = bpf_cpu_to_be64(6ULL << 60 | (__u64)outer_tos(packet) << 52 |
				   (__u64)length << 16 | protocol << 8 | OUTER_TTL);
	words[1] = source.upper;
	words[2] = source.lower;
	words[3] = destination.upper;
	words[4] = destination.lower;
}

/*
 * Writes the Ethernet header in front of the outer IP header. The original frame's destination is
 * our own address, and thus the source of frames that leave by the same interface.
 */
static __always_inline void write_ethernet(struct ethhdr *eth, const struct packet *packet,
					   const struct katran_backend *backend, __be16 type)
{
	__u64 source = packet->mac;

	if (backend_has(packet, KATRAN_BACKEND_REDIRECT)) {
		source = read_mac(backend->source_mac);
		barrier_var(source); /* or clang keeps the packet's in memory and selects the address */
	}
	/* the second word overwrites the last two bytes of the first */
	write_word(eth->h_dest, packet->backend_word >> 16);
	write_word(eth->h_source, (source & MAC_MASK) | (__u64)type << 48);
}

/*
 * Grows the frame for an outer header of `outer` bytes. The caller writes the Ethernet and outer
 * headers at its new start. Returns false if the driver left too little headroom.
 */
static __always_inline bool push_header(struct xdp_md *ctx, int outer)
{
	return !bpf_xdp_adjust_head(ctx, -outer);
}

#endif
