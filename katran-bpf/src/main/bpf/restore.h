/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looks up which VIP stands for a source, and puts it there.
 *
 * Checksums are updated by helpers, which also know those that the network card completes, and the
 * segments that it cuts. The highest offset is written first: that makes all in front of it
 * writable, so that no later write fails and leaves a packet half changed.
 */
#ifndef KATRAN_RESTORE_H
#define KATRAN_RESTORE_H

#include "outgoing.h"

const volatile struct katran_restore_config config SEC(".rodata.config") = {};

/* The server's addresses and ports. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_restore_key);
	__type(value, struct katran_restoration);
} restorations SEC(".maps");

static __always_inline const struct katran_restoration *
find_restoration(__u8 family, const struct katran_address *address, __u8 protocol, __be16 port)
{
	struct katran_restore_key key = {
		.address = *address,
		.port = port,
		.protocol = protocol,
		.family = family,
	};
	const struct katran_restoration *found = bpf_map_lookup_elem(&restorations, &key);

	if (found)
		return found;
	key.port = 0;
	return bpf_map_lookup_elem(&restorations, &key);
}

/* Destinations whose packets keep their source. Only created and used with config.has_exceptions. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_decap_prefix_key);
	__type(value, __u8); /* unused */
} exceptions SEC(".maps");

static __always_inline bool is_exception(const struct ip_packet *packet)
{
	struct katran_decap_prefix_key key = {
		.prefix_length = 8 * (sizeof(key) - sizeof(key.prefix_length)),
		.family = packet->family,
		.address = packet->destination,
	};

	return config.has_exceptions && bpf_map_lookup_elem(&exceptions, &key);
}

/* Returns the difference that a new address makes to a checksum that covers it. */
static __always_inline __s64 address_difference(const struct katran_address *old,
						const struct katran_address *new, __u32 seed)
{
	return bpf_csum_diff((__be32 *)old, sizeof(*old), (__be32 *)new, sizeof(*new), seed);
}

/* Writes an address into an IP header, whose own checksum is updated in IPv4. */
static __always_inline bool write_address(struct __sk_buff *skb, __u8 family, __u32 network,
					  __u32 offset_v4, __u32 offset_v6,
					  const struct katran_address *old,
					  const struct katran_address *new)
{
	if (family == KATRAN_IPV6)
		return !bpf_skb_store_bytes(skb, network + offset_v6, new, sizeof(*new), 0);
	return !bpf_skb_store_bytes(skb, network + offset_v4, new, sizeof(new->words[0]), 0) &&
	       !bpf_l3_csum_replace(skb, network + offsetof(struct iphdr, check), old->words[0],
				    new->words[0], sizeof(new->words[0]));
}

/* Makes `address` the packet's source. A checksum of its transport header is the caller's. */
static __always_inline bool write_source(struct __sk_buff *skb, const struct ip_packet *packet,
					 const struct katran_address *address)
{
	return write_address(skb, packet->family, packet->network, offsetof(struct iphdr, saddr),
			     offsetof(struct ipv6hdr, saddr), &packet->source, address);
}

/*
 * Makes a VIP the source of a TCP or UDP packet from `port`, which has a complete header. UDP
 * without a checksum, 0, stays without.
 */
static __always_inline bool restore_source(struct __sk_buff *skb, const struct ip_packet *packet,
					   __be16 port, const struct katran_restoration *vip)
{
	bool is_tcp = packet->protocol == IPPROTO_TCP;
	__u32 checksum = packet->transport + (is_tcp ? offsetof(struct tcphdr, check)
						     : offsetof(struct udphdr, check));
	__u64 flags = is_tcp ? 0 : BPF_F_MARK_MANGLED_0;
	__s64 difference = address_difference(&packet->source, &vip->address, 0);
	__be16 vip_port = vip->port ? vip->port : port;

	return !bpf_l4_csum_replace(skb, checksum, 0, difference, flags | BPF_F_PSEUDO_HDR) &&
	       !bpf_l4_csum_replace(skb, checksum, port, vip_port, flags | sizeof(port)) &&
	       !bpf_skb_store_bytes(skb, packet->transport, &vip_port, sizeof(vip_port), 0) &&
	       write_source(skb, packet, &vip->address);
}

#endif
