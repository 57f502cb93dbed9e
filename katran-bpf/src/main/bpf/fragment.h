/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Remembers the ports of fragmented datagrams, which only the first fragment of each states. */
#ifndef KATRAN_FRAGMENT_H
#define KATRAN_FRAGMENT_H

#include "budget.h"
#include "config.h"
#include "packet.h"
#include "walk.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_flow);
	__type(value, struct katran_fragment);
} fragments SEC(".maps");

/*
 * Turns a flow into the key of its datagram. IPv6 has no protocol there: fragments of a datagram may
 * state different ones (RFC 8200, section 4.5).
 */
static __always_inline void to_datagram(struct katran_flow *flow, __be32 identification)
{
	flow->source_port = identification;
	flow->destination_port = identification >> 16;
	if (flow->family == KATRAN_IPV6)
		flow->protocol = 0;
}

/* Remembers the ports in the first fragment of a datagram. */
static __noinline int remember_fragment(const struct katran_flow *flow, __be32 identification)
{
	struct katran_flow key = *flow;
	const struct katran_fragment fragment = {
		.source_port = flow->source_port,
		.destination_port = flow->destination_port,
		.protocol = flow->protocol,
		.time = current_time(),
	};

	to_datagram(&key, identification);
	return bpf_map_update_elem(&fragments, &key, &fragment, BPF_ANY);
}

/*
 * Sets the ports and the protocol of a later fragment's flow. Returns false if no first fragment
 * came before it, or long before. Datagrams are remembered for as long as flows of UDP.
 */
static __noinline bool recall_fragment(struct katran_flow *flow, __be32 identification)
{
	struct katran_flow key = *flow;
	const struct katran_fragment *fragment;

	to_datagram(&key, identification);
	fragment = bpf_map_lookup_elem(&fragments, &key);
	if (!fragment || current_time() - fragment->time >= config.udp_idle)
		return false;
	flow->source_port = fragment->source_port;
	flow->destination_port = fragment->destination_port;
	flow->protocol = fragment->protocol;
	return true;
}

/* Remembers the packet if later fragments will follow it to its VIP. */
static __always_inline void remember_first_fragment(const struct packet *packet)
{
	const struct katran_flow flow = packet->flow; /* a copy keeps the packet in registers */

	if (any_vip_has(packet, KATRAN_VIP_FRAGMENTS) && packet->fragment & WALK_FIRST &&
	    !vip_has(packet, KATRAN_VIP_FRAGMENTS_BY_ADDRESS))
		remember_fragment(&flow, packet->identification);
}

/*
 * Completes the flow of a later fragment. Without the ports, which its first fragment has, only a
 * VIP that hashes addresses can take it.
 */
static __always_inline void complete_later_fragment(struct packet *packet)
{
	struct katran_flow flow = packet->flow;

	if (recall_fragment(&flow, packet->identification)) {
		packet->flow.source_port = flow.source_port;
		packet->flow.destination_port = flow.destination_port;
		packet->flow.protocol = flow.protocol;
	} else {
		packet->needs |= KATRAN_VIP_FRAGMENTS_BY_ADDRESS;
	}
}

#endif
