/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looks up the VIP of a packet. */
#ifndef KATRAN_VIP_H
#define KATRAN_VIP_H

#include "config.h"
#include "packet.h"

/*
 * The VIPs with a single address: a cuckoo hash table that is replaced as a whole. katran.h
 * describes its buckets.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_RDONLY_PROG);
		__uint(max_entries, 1); /* set at load; see katran.h */
		__uint(key_size, sizeof(__u32));
		__uint(value_size, sizeof(struct katran_vip_line));
	});
} vips SEC(".maps");

/* The VIPs that cover a prefix. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_prefix_vip_key);
	__type(value, struct katran_vip);
} prefix_vips SEC(".maps");

/* A VIP's key as words, for hashing and comparing. */
union vip_key {
	struct katran_vip_key key;
	__u32 words[KATRAN_VIP_KEY_WORDS];
};

/*
 * Compares an entry's key, with one branch for all words. The last word has the family, so only the
 * address's first word need be compared for IPv4.
 */
static __always_inline bool entry_matches(const struct katran_vip_entry *entry,
					  const union vip_key *key)
{
	const union vip_key *other = (const void *)&entry->key;
	__u32 difference = other->words[0] ^ key->words[0];
	const int last = KATRAN_VIP_KEY_WORDS - 1;

	difference |= other->words[last] ^ key->words[last];
	if (key->key.family == KATRAN_IPV6) {
#pragma unroll
		for (int i = 1; i < last; i++)
			difference |= other->words[i] ^ key->words[i];
	}
	return !difference;
}

/* Returns a line of the table with this first line. Only the low bits of `number` count. */
static __always_inline struct katran_vip_line *find_line(void *table,
							 struct katran_vip_line *first,
							 __u32 number)
{
	__u32 line = number & (config.vip_lines - 1);

	if (config.has_whole_vip_tables)
		return first + KATRAN_FIRST_VIP_LINE + line;
	barrier_var(line); /* or clang stores the key above as well */
	line += KATRAN_FIRST_VIP_LINE;
	return bpf_map_lookup_elem(table, &line);
}

/* Looks up the VIP in one line. */
static __always_inline struct katran_vip *lookup_line(struct katran_vip_line *line,
						      const union vip_key *key)
{
	if (!line)
		return NULL;
#pragma unroll
	for (int i = 0; i < KATRAN_VIPS_PER_LINE; i++) {
		if (entry_matches(&line->entries[i], key))
			return &line->entries[i].vip;
	}
	return NULL;
}

/* Words that are 0 for IPv4 take no multiplication where the family is a constant. */
static __always_inline __u32 hash_vip(const struct katran_vip_hash *function,
				      const union vip_key *key)
{
	__u64 hash = function->addend;

#pragma unroll
	for (int i = 0; i < KATRAN_VIP_KEY_WORDS; i++)
		hash += function->multipliers[i] * key->words[i];
	return hash >> 32;
}

/* Returns the current table of VIPs, or NULL. A packet fetches it once, so it sees no two. */
static __always_inline void *vip_table(void)
{
	const __u32 first = 0;

	return bpf_map_lookup_elem(&vips, &first);
}

/* Looks up the VIP of the flow's destination address and protocol at this port. */
static __always_inline struct katran_vip *lookup_vip(void *table, const struct katran_flow *flow,
						     __be16 port)
{
	const union vip_key key = {
		.key = {
			.address = flow->destination,
			.port = port,
			.protocol = flow->protocol,
			.family = flow->family,
		},
	};
	const __u32 zero = 0;
	struct katran_vip_line *first;
	struct katran_vip *vip;
	__u32 hash;

	if (!table)
		return NULL;
	first = bpf_map_lookup_elem(table, &zero);
	if (!first)
		return NULL;
	hash = hash_vip((const void *)first, &key);
	vip = lookup_line(find_line(table, first, hash), &key);
	if (vip)
		return vip;
	return lookup_line(find_line(table, first, hash >> KATRAN_SECOND_VIP_LINE_SHIFT), &key);
}

/* Not inline: few packets need it. */
static __noinline struct katran_vip *lookup_any_port_vip_noinline(void *table,
								 const struct katran_flow *flow)
{
	return lookup_vip(table, flow, 0);
}

/* Looks up the VIP of the flow's destination address and protocol that covers all ports. */
static __always_inline struct katran_vip *lookup_any_port_vip(void *table,
							      const struct katran_flow *flow)
{
	const struct katran_flow copy = *flow; /* a copy lets clang keep the packet in registers */

	return lookup_any_port_vip_noinline(table, &copy);
}

/* Looks up the VIP with the longest prefix that contains the flow's destination. */
static __always_inline struct katran_vip *lookup_prefix_vip(const struct katran_flow *flow,
							    __be16 port)
{
	struct katran_prefix_vip_key key = {
		.prefix_length = 8 * (sizeof(key) - sizeof(key.prefix_length)),
		.port = port,
		.protocol = flow->protocol,
		.family = flow->family,
		.address = flow->destination,
	};

	return bpf_map_lookup_elem(&prefix_vips, &key);
}

/*
 * Reads the addresses of a frame whose IP header was checked. `flow` has no ports, and the family's
 * ICMP for its protocol. Returns false if there is no IP header.
 */
static __always_inline bool read_addresses(const struct xdp_md *ctx, struct katran_flow *flow)
{
	struct ethhdr *eth = packet_data(ctx);
	struct iphdr *v4 = (void *)(eth + 1);
	struct ipv6hdr *v6 = (void *)(eth + 1);
	void *end = packet_end(ctx);

	*flow = (struct katran_flow){};
	if ((void *)(v4 + 1) > end)
		return false;
	if (ethertype(eth) == bpf_htons(ETH_P_IP)) {
		flow->family = KATRAN_IPV4;
		flow->protocol = IPPROTO_ICMP;
		set_ipv4(&flow->source, v4->saddr);
		set_ipv4(&flow->destination, v4->daddr);
		return true;
	}
	if ((void *)(v6 + 1) > end)
		return false;
	flow->family = KATRAN_IPV6;
	flow->protocol = IPPROTO_ICMPV6;
	set_ipv6(&flow->source, &v6->saddr);
	set_ipv6(&flow->destination, &v6->daddr);
	return true;
}

/* Returns whether a VIP, with whatever protocol and port, has the destination in `flow`. */
static __always_inline bool is_vip_address(const struct katran_flow *flow)
{
	return lookup_any_port_vip_noinline(vip_table(), flow) ||
	       (config.features & KATRAN_USES_PREFIX_VIPS && lookup_prefix_vip(flow, 0));
}

/*
 * Returns whether a frame, whose IP header was checked, is for the address of a VIP. Not inline:
 * few packets need it. Unused where a program only encapsulates.
 */
static __noinline __attribute__((unused)) bool is_for_vip(struct xdp_md *ctx)
{
	struct katran_flow flow;

	return read_addresses(ctx, &flow) && is_vip_address(&flow);
}

/* Finds the VIP of a flow that has none for its exact address and port. */
static __always_inline struct katran_vip *find_wildcard_vip(void *table,
							    const struct packet *packet)
{
	const struct katran_flow *flow = &packet->flow;
	struct katran_vip *vip;

	if (!uses(packet, KATRAN_USES_PREFIX_VIPS))
		return lookup_any_port_vip(table, flow);
	vip = lookup_prefix_vip(flow, flow->destination_port);
	if (vip) {
		count_event(KATRAN_PREFIX_MATCHES);
		return vip;
	}
	vip = lookup_any_port_vip(table, flow);
	if (vip)
		return vip;
	vip = lookup_prefix_vip(flow, 0);
	if (vip)
		count_event(KATRAN_PREFIX_MATCHES);
	return vip;
}

/*
 * Finds the VIP of the flow's destination and stores it in the packet. The order is: address and
 * port, prefix and port, address for all ports, prefix for all ports. Rewrites the flow's ports to
 * the form that this VIP hashes. Returns false if there is no VIP.
 */
static __always_inline bool find_vip(struct packet *packet)
{
	const __u32 keeps_port = KATRAN_VIP_HASH_DESTINATION_PORT_ONLY | KATRAN_VIP_HASH_BOTH_PORTS;
	struct katran_flow *flow = &packet->flow;
	void *table = vip_table();
	struct katran_vip *vip = lookup_vip(table, flow, flow->destination_port);
	bool is_exact = vip;

	if (!vip)
		vip = find_wildcard_vip(table, packet);
	if (!vip)
		return false;
	packet->idle = vip->idle;
	packet->vip = vip->number;
	packet->vip_flags = vip->flags;
	if (!is_exact && !(packet->vip_flags & keeps_port)) {
		flow->destination_port = 0;
		packet->is_hashed = false;
	}
	if (packet->vip_flags & KATRAN_VIP_HASH_NO_SOURCE_PORT) {
		flow->source_port = 0;
		packet->is_hashed = false;
	}
	return true;
}

#endif
