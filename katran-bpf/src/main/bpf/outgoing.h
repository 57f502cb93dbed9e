/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parses packets in socket buffers: those that leave this host, and those that their ICMP errors
 * quote.
 *
 * All reads and writes go through helpers, because a header need not be in the linear part of a
 * buffer.
 */
#ifndef KATRAN_OUTGOING_H
#define KATRAN_OUTGOING_H

#include "packet.h"

#define IPV4_MORE_FRAGMENTS bpf_htons(0x2000)
#define IPV4_OFFSET bpf_htons(0x1fff)
#define IPV6_MORE_FRAGMENTS bpf_htons(1)
#define IPV6_OFFSET bpf_htons(0xfff8)
#define MAX_EXTENSIONS 4

/* An IP packet. Offsets are from the start of the frame. */
struct ip_packet {
	struct katran_address source;
	struct katran_address destination;
	__u32 network;	 /* the IP header */
	__u32 transport; /* what follows the IP header and its extensions */
	__u32 identification;
	__u8 family; /* enum katran_family */
	__u8 protocol;
	bool is_fragment;
	bool is_later_fragment; /* it has no transport header */
};

/* Reads `size` bytes at `offset`. Returns false if the packet ends before. */
static __always_inline bool read_bytes(const struct __sk_buff *skb, __u32 offset, void *to,
				       __u32 size)
{
	return !bpf_skb_load_bytes(skb, offset, to, size);
}

static __always_inline bool parse_packet_v4(const struct __sk_buff *skb, struct ip_packet *packet)
{
	struct iphdr ip;

	if (!read_bytes(skb, packet->network, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return false;
	set_ipv4(&packet->source, ip.saddr);
	set_ipv4(&packet->destination, ip.daddr);
	packet->protocol = ip.protocol;
	packet->transport = packet->network + ip.ihl * 4;
	packet->identification = ip.id;
	packet->is_fragment = ip.frag_off & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET);
	packet->is_later_fragment = ip.frag_off & IPV4_OFFSET;
	return true;
}

/* RFC 8200, section 4.5. Other extension headers have a length in place of `reserved`. */
struct extension_header {
	__u8 next_header;
	__u8 reserved;
	__be16 offset;
	__be32 identification;
};

/*
 * Steps over an extension header, none of which says anything about the source. Linux puts one in
 * front of TCP segments of more than 64 KiB, which it removes when it cuts them (BIG TCP).
 */
static __always_inline bool skip_extension(const struct __sk_buff *skb, struct ip_packet *packet)
{
	struct extension_header extension;

	if (!read_bytes(skb, packet->transport, &extension, sizeof(extension)))
		return false;
	if (packet->protocol == IPPROTO_FRAGMENT) {
		packet->is_fragment = extension.offset & (IPV6_MORE_FRAGMENTS | IPV6_OFFSET);
		packet->is_later_fragment = extension.offset & IPV6_OFFSET;
		packet->identification = extension.identification;
		packet->transport += sizeof(extension);
	} else {
		packet->transport += (extension.reserved + 1) * 8;
	}
	packet->protocol = extension.next_header;
	return true;
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

static __always_inline bool parse_packet_v6(const struct __sk_buff *skb, struct ip_packet *packet)
{
	struct ipv6hdr ip;

	if (!read_bytes(skb, packet->network, &ip, sizeof(ip)) || ip.version != 6)
		return false;
	set_ipv6(&packet->source, &ip.saddr);
	set_ipv6(&packet->destination, &ip.daddr);
	packet->protocol = ip.nexthdr;
	packet->transport = packet->network + sizeof(ip);
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (!is_extension(packet->protocol) || packet->is_later_fragment)
			break;
		if (!skip_extension(skb, packet))
			return false;
	}
	return true;
}

/* Parses the packet of a family at `network` into `packet`, which is all zero. */
static __always_inline bool parse_packet(const struct __sk_buff *skb, __u8 family, __u32 network,
					 struct ip_packet *packet)
{
	packet->family = family;
	packet->network = network;
	return family == KATRAN_IPV4 ? parse_packet_v4(skb, packet) : parse_packet_v6(skb, packet);
}

#endif
