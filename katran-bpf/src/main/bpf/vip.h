/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which VIP a packet is for. */
#ifndef KATRAN_VIP_H
#define KATRAN_VIP_H

#include "config.h"
#include "packet.h"

/* The VIPs of single addresses: a table that is replaced as a whole. Its lines are in katran.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_RDONLY_PROG);
		__uint(max_entries, 1); /* set at load */
		__uint(key_size, sizeof(__u32));
		__uint(value_size, sizeof(struct katran_vip_line));
	});
} vips SEC(".maps");

/* The VIPs that stand for a prefix. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_prefix_vip_key);
	__type(value, struct katran_vip);
} prefix_vips SEC(".maps");

/* A VIP's key as the words that are hashed and compared. */
union vip_key {
	struct katran_vip_key key;
	__u32 words[KATRAN_VIP_KEY_WORDS];
};

/* Whether the entry is the key's: by one branch, not by one for each word. */
static __always_inline bool is_vip(const struct katran_vip_entry *entry, const union vip_key *key)
{
	const union vip_key *other = (const void *)&entry->key;
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < KATRAN_VIP_KEY_WORDS; i++)
		difference |= other->words[i] ^ key->words[i];
	return !difference;
}

/* The VIP if it is in this line, counted from those that the hash can mean. */
static __always_inline struct katran_vip *look_into_line(void *table, __u32 number,
							 const union vip_key *key)
{
	__u32 index = KATRAN_FIRST_VIP_LINE + (number & (config.vip_lines - 1));
	struct katran_vip_line *line = bpf_map_lookup_elem(table, &index);

	if (!line)
		return NULL;
#pragma unroll
	for (int i = 0; i < KATRAN_VIPS_PER_LINE; i++) {
		if (is_vip(&line->entries[i], key))
			return &line->entries[i].vip;
	}
	return NULL;
}

static __always_inline __u32 hash_vip(const struct katran_vip_hash *by, const union vip_key *key)
{
	__u64 hash = by->addend;

#pragma unroll
	for (int i = 0; i < KATRAN_VIP_KEY_WORDS; i++)
		hash += by->multipliers[i] * key->words[i];
	return hash >> 32;
}

/* The VIP of the flow's destination address and protocol at this port; NULL if there is none. */
static __always_inline struct katran_vip *lookup_vip(const struct katran_flow *flow, __be16 port)
{
	const union vip_key key = {
		.key = {
			.address = flow->destination,
			.port = port,
			.protocol = flow->protocol,
			.family = flow->family,
		},
	};
	const __u32 first = 0;
	struct katran_vip_hash *by;
	struct katran_vip *vip;
	void *table;
	__u32 hash;

	table = bpf_map_lookup_elem(&vips, &first);
	if (!table)
		return NULL;
	by = bpf_map_lookup_elem(table, &first);
	if (!by)
		return NULL;
	hash = hash_vip(by, &key);
	vip = look_into_line(table, hash, &key);
	return vip ? vip : look_into_line(table, hash >> KATRAN_SECOND_VIP_LINE_SHIFT, &key);
}

/* Not inline: most packets do not come this way. */
static __noinline struct katran_vip *lookup_vip_for_every_port(const struct katran_flow *flow)
{
	return lookup_vip(flow, 0);
}

/* The VIP of the flow's destination address and protocol that stands for every port, or NULL. */
static __always_inline struct katran_vip *lookup_portless_vip(const struct katran_flow *flow)
{
	const struct katran_flow copy = *flow; /* so that clang need not keep the packet in memory */

	return lookup_vip_for_every_port(&copy);
}

/* Of the VIPs of prefixes that the destination begins with, that of the longest one. */
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

/* Whether the destination of an echo request is the address of a VIP. */
static __always_inline bool answers_ping(const struct packet *packet)
{
	return lookup_portless_vip(&packet->flow) ||
	       (uses(packet, KATRAN_USES_PREFIX_VIPS) && lookup_prefix_vip(&packet->flow, 0));
}

/* The VIP of a destination that is not that of a VIP for one address and one port. */
static __always_inline struct katran_vip *find_wider_vip(const struct packet *packet)
{
	const struct katran_flow *flow = &packet->flow;
	struct katran_vip *vip;

	if (!uses(packet, KATRAN_USES_PREFIX_VIPS))
		return lookup_portless_vip(flow);
	vip = lookup_prefix_vip(flow, flow->destination_port);
	if (vip) {
		count_event(KATRAN_PREFIX_MATCHES);
		return vip;
	}
	vip = lookup_portless_vip(flow);
	if (vip)
		return vip;
	vip = lookup_prefix_vip(flow, 0);
	if (vip)
		count_event(KATRAN_PREFIX_MATCHES);
	return vip;
}

/*
 * Finds the VIP of the flow's destination: one address before a prefix, one port before every
 * port. Sets the packet's VIP, and brings the flow's ports into the form in which this VIP hashes
 * them. False: there is none.
 */
static __always_inline bool find_vip(struct packet *packet)
{
	const __u32 keeps_port = KATRAN_VIP_HASH_DESTINATION_PORT_ONLY | KATRAN_VIP_HASH_BOTH_PORTS;
	struct katran_flow *flow = &packet->flow;
	struct katran_vip *vip = lookup_vip(flow, flow->destination_port);
	bool is_exact = vip;

	if (!vip)
		vip = find_wider_vip(packet);
	if (!vip)
		return false;
	packet->idle = vip->idle;
	packet->vip = vip->number;
	packet->vip_flags = vip->flags;
	if (!is_exact && !(packet->vip_flags & keeps_port))
		flow->destination_port = 0;
	if (packet->vip_flags & KATRAN_VIP_HASH_NO_SOURCE_PORT)
		flow->source_port = 0;
	return true;
}

#endif
