/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which VIP a packet is for. */
#ifndef KATRAN_VIP_H
#define KATRAN_VIP_H

#include "config.h"
#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_vip_key);
	__type(value, struct katran_vip);
} vips SEC(".maps");

/* The VIPs that stand for a prefix. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_prefix_vip_key);
	__type(value, struct katran_vip);
} prefix_vips SEC(".maps");

static __always_inline struct katran_vip *lookup_vip(const struct katran_flow *flow, __be16 port)
{
	struct katran_vip_key key = {
		.address = flow->destination,
		.port = port,
		.protocol = flow->protocol,
		.family = flow->family,
	};

	return bpf_map_lookup_elem(&vips, &key);
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
	return lookup_vip(&packet->flow, 0) ||
	       (uses(packet, KATRAN_USES_PREFIX_VIPS) && lookup_prefix_vip(&packet->flow, 0));
}

/* The VIP of a destination that is not that of a VIP for one address and one port. */
static __always_inline struct katran_vip *find_wider_vip(const struct packet *packet)
{
	const struct katran_flow *flow = &packet->flow;
	struct katran_vip *vip;

	if (!uses(packet, KATRAN_USES_PREFIX_VIPS))
		return lookup_vip(flow, 0);
	vip = lookup_prefix_vip(flow, flow->destination_port);
	if (vip) {
		count_event(KATRAN_PREFIX_MATCHES);
		return vip;
	}
	vip = lookup_vip(flow, 0);
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
