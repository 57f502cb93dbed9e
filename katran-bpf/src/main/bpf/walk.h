/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walks the headers between an IP header and its transport header: IPv4 options, and IPv6 extension
 * headers (RFC 8200). Few packets have any, so this shares nothing with the common path.
 */
#ifndef KATRAN_WALK_H
#define KATRAN_WALK_H

#include "config.h"
#include "packet.h"

/* The flags of VIPs that take packets which must be walked. */
#define WALKED_VIPS (KATRAN_VIP_IP_OPTIONS | KATRAN_VIP_FRAGMENTS)

/* The longest chain of IPv6 extension headers that is walked. */
#define WALK_MAX_HEADERS 8
#define WALK_MAX_BYTES 256

/* No header that was walked to is further from the start of the frame. */
#define WALK_OFFSET_MASK 0x1ff

#define IPV4_MORE_FRAGMENTS bpf_htons(0x2000)
#define IPV4_FRAGMENT_OFFSET bpf_htons(0x1fff)
#define IPV6_MORE_FRAGMENTS bpf_htons(1)
#define IPV6_FRAGMENT_OFFSET bpf_htons(0xfff8)

enum walk_trait {
	WALK_OPTIONS = 1 << 0,	/* there are IPv4 options or IPv6 extension headers */
	WALK_FRAGMENT = 1 << 1, /* there is an IPv6 fragment header, or this is an IPv4 fragment */
	WALK_FIRST = 1 << 2,	/* this is the first of several fragments */
	WALK_LATER = 1 << 3,	/* this is a fragment without transport header */
};

/* RFC 8200: the fields that extension headers have in common, and those of two of them. */
struct ipv6_extension {
	__u8 next_header;
	__u8 length; /* in units of 8 bytes, without the first */
	union {
		struct {
			__u8 type;
			__u8 segments_left;
		} routing;
		__be16 fragment;
	};
	__be32 identification;
};

/*
 * The result of walk_headers(), a word: the offset of the transport header in the frame in its
 * lowest 16 bits, then its protocol in 8 bits, enum walk_trait in 8 bits, and the identification of
 * a fragment. 0: the headers cannot be walked.
 */
static __always_inline __u64 walked(__u32 offset, __u8 protocol, __u32 traits, __be32 identification)
{
	return (__u64)identification << 32 | traits << 24 | (__u32)protocol << 16 | offset;
}

static __always_inline __u32 walked_offset(__u64 walk)
{
	return walk & WALK_OFFSET_MASK;
}

static __always_inline __u8 walked_protocol(__u64 walk)
{
	return walk >> 16;
}

static __always_inline __u32 walked_traits(__u64 walk)
{
	return walk >> 24 & 0xff;
}

static __always_inline bool is_walked_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_DSTOPTS || header == IPPROTO_FRAGMENT;
}

static __always_inline __u64 walk_ipv4(const struct iphdr *ip, __u32 at)
{
	__u32 length = ip->ihl * 4;
	__u32 traits = length > sizeof(*ip) ? WALK_OPTIONS : 0;

	if (length < sizeof(*ip))
		return 0;
	if (ip->frag_off & IPV4_FRAGMENT_OFFSET)
		traits |= WALK_FRAGMENT | WALK_LATER;
	else if (ip->frag_off & IPV4_MORE_FRAGMENTS)
		traits |= WALK_FRAGMENT | WALK_FIRST;
	return walked(at + length, ip->protocol, traits, ip->id);
}

static __always_inline __u32 fragment_traits(__be16 fragment)
{
	if (fragment & IPV6_FRAGMENT_OFFSET)
		return WALK_FRAGMENT | WALK_LATER;
	return WALK_FRAGMENT | (fragment & IPV6_MORE_FRAGMENTS ? WALK_FIRST : 0);
}

/*
 * A later fragment ends the walk: what follows is the middle of something. So does a routing header
 * whose packet has not yet reached its last destination, and a header in a place where RFC 8200
 * allows none: receivers reject those. The traits are put together at the end, since the verifier
 * follows each value that they may have in the loop.
 */
static __always_inline __u64 walk_ipv6(struct xdp_md *ctx, __u32 at, __u32 limit)
{
	void *end = packet_end(ctx);
	struct ipv6hdr *ip = packet_data(ctx) + at;
	__u32 fragment = 0; /* the fragment header's field, in the upper half, and a marker */
	__be32 identification = 0;
	__u32 fragments = 0;
	__u32 bytes = 0;
	__u8 next;

	if ((void *)(ip + 1) > end)
		return 0;
	next = ip->nexthdr;
	for (int i = 0; i < WALK_MAX_HEADERS && is_walked_extension(next); i++) {
		struct ipv6_extension *header = (void *)(ip + 1) + (bytes & WALK_OFFSET_MASK);
		__u32 length = sizeof(*header);

		if ((void *)(header + 1) > end ||
		    (next == IPPROTO_HOPOPTS && i) || (next == IPPROTO_FRAGMENT && fragments) ||
		    (next == IPPROTO_ROUTING && header->routing.segments_left))
			return 0;
		if (next == IPPROTO_FRAGMENT) {
			fragments = 1;
			fragment = header->fragment;
			identification = header->identification;
		} else {
			length += header->length * 8U;
		}
		bytes += length;
		if (bytes > WALK_MAX_BYTES || at + sizeof(*ip) + bytes > limit)
			return 0;
		next = header->next_header;
		if (fragment & IPV6_FRAGMENT_OFFSET)
			break;
	}
	return walked(at + sizeof(*ip) + bytes, next,
		      (bytes > fragments * sizeof(struct ipv6_extension) ? WALK_OPTIONS : 0) |
			      (fragments ? fragment_traits(fragment) : 0),
		      identification);
}

/*
 * Walks the headers of the packet whose IP header is `at` bytes into the frame. It was found to be
 * of the right version, and nothing of the packet is behind the frame's first `limit` bytes. Global:
 * the verifier checks it once and not at each call.
 */
__noinline __u64 walk_headers(struct xdp_md *ctx, __u32 at, __u32 limit)
{
	struct iphdr *ip;

	if (!(config.vip_flags & WALKED_VIPS))
		return 0;
	at &= 0x7f;
	ip = packet_data(ctx) + at;
	if ((void *)(ip + 1) > packet_end(ctx))
		return 0;
	return ip->version == 6 ? walk_ipv6(ctx, at, limit) : walk_ipv4(ip, at);
}

/* Returns whether the VIP takes the packet. */
static __always_inline bool is_taken(const struct packet *packet)
{
	return !any_vip_has(packet, WALKED_VIPS) || 
	       !(packet->needs & ~(packet->vip_flags & config.vip_flags));
}

/* Returns where the transport header of a packet with a complete one is in the frame. */
static __always_inline __u32 transport_offset(const struct packet *packet)
{
	if (any_vip_has(packet, WALKED_VIPS) && packet->transport)
		return packet->transport & WALK_OFFSET_MASK;
	return ETH_HLEN + (packet->flow.family == KATRAN_IPV6 ? sizeof(struct ipv6hdr)
							      : sizeof(struct iphdr));
}

/* Returns whether the packet is a fragment of a datagram that has several. */
static __always_inline bool is_fragment(const struct packet *packet)
{
	return any_vip_has(packet, WALKED_VIPS) && packet->fragment & (WALK_FIRST | WALK_LATER);
}

/* Returns whether the packet is a fragment without transport header. */
static __always_inline bool is_later_fragment(const struct packet *packet)
{
	return any_vip_has(packet, WALKED_VIPS) && packet->fragment & WALK_LATER;
}

/*
 * Returns whether no ICMP error may be sent about the packet: it is one, or a later fragment (RFC
 * 1122, section 3.2.2).
 */
static __always_inline bool is_unanswerable(const struct packet *packet)
{
	return packet->is_icmp_error || is_later_fragment(packet);
}

#endif
