/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outer headers that all encapsulations share. */
#ifndef KATRAN_OUTER_H
#define KATRAN_OUTER_H

#include "checksum.h"
#include "config.h"
#include "ecn.h"
#include "packet.h"

#define OUTER_TTL 64

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
	return uses(packet, KATRAN_USES_DONT_FRAGMENT) ? packet->dont_fragment : 0;
}

/* Writes the IPv4 header of an outer packet with `length` bytes of payload. */
static __always_inline void write_outer_ipv4(struct iphdr *ip, const struct packet *packet,
					     const struct katran_backend *backend, __u8 protocol,
					     __be32 source, __u16 length)
{
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = outer_tos(packet);
	ip->tot_len = bpf_htons(sizeof(*ip) + length);
	ip->id = 0;
	ip->frag_off = outer_fragmentation(packet);
	ip->ttl = OUTER_TTL;
	ip->protocol = protocol;
	ip->check = 0;
	ip->saddr = source;
	ip->daddr = backend->address.words[0];
	ip->check = ipv4_checksum(ip);
}

/*
 * Writes the IPv6 header of an outer packet with `length` bytes of payload, except its source
 * address.
 */
static __always_inline void write_outer_ipv6(struct ipv6hdr *ip, const struct packet *packet,
					     const struct katran_backend *backend, __u8 protocol,
					     __u16 length)
{
	/* version, traffic class and a flow label of 0 */
	*(__be32 *)ip = bpf_htonl(6 << 28 | (__u32)outer_tos(packet) << 20);
	ip->payload_len = bpf_htons(length);
	ip->nexthdr = protocol;
	ip->hop_limit = OUTER_TTL;
	__builtin_memcpy(&ip->daddr, &backend->address, sizeof(ip->daddr));
}

/*
 * Writes the Ethernet header in front of the outer IP header. The original frame's destination is
 * our own address, and thus the source of frames that leave by the same interface.
 */
static __always_inline void write_ethernet(struct ethhdr *eth, const struct packet *packet,
					   const struct katran_backend *backend, __be16 type)
{
	__u64 source = packet->mac;

	if (backend_has(packet, KATRAN_BACKEND_REDIRECT))
		source = read_mac(backend->source_mac);
	write_mac(eth->h_source, source);
	write_mac(eth->h_dest, packet->backend_word >> 16);
	set_ethertype(eth, type);
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
