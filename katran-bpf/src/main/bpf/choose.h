/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chooses the packet's backend: by server id, then flow table, source route and ring. */
#ifndef KATRAN_CHOOSE_H
#define KATRAN_CHOOSE_H

#include "change.h"
#include "down.h"
#include "flow.h"
#include "ring.h"
#include "server_id.h"
#include "source.h"

/* Returns whether the packet is the first of a connection, by its TCP header. */
static __always_inline bool is_first_segment(struct xdp_md *ctx, const struct packet *packet)
{
	return !packet->is_icmp_error && tcp_traits(ctx, &packet->flow) & CHANGE_BEGINS;
}

/*
 * Chooses the backend in a slot that is not stable. The program without features looks up the flow
 * here first, which saves most packets a call.
 */
static __always_inline __u32 choose_by_change(struct xdp_md *ctx, struct packet *packet,
					      __u32 word, __u32 previous)
{
	__u64 now = current_time();
	__u64 traits = 0;
	__u32 answer;

	count_own(packet, KATRAN_FLOW_LOOKUPS, 0);
	if (packet->is_icmp_error)
		traits |= CHANGE_NO_ENTRY;
	else if (packet->is_initial)
		traits |= CHANGE_BEGINS;
	if (vip_has(packet, KATRAN_VIP_UDP_FLOW_MIGRATION))
		traits |= CHANGE_MIGRATES;
	if (!vip_has(packet, KATRAN_VIP_TRACKED)) /* it has done so: see choose() */
		track(packet);
	if (packet->is_plain && !is_first_segment(ctx, packet)) {
		__u64 entry = use_current_flow(now, packet->idle * NANOSECONDS_PER_SECOND,
					       KATRAN_NO_BACKEND);

		if (entry)
			return word_backend(entry);
	}
	answer = choose_in_change(ctx, packet->idle, traits << 32 | word, previous, now);
	packet->is_missed |= !!(answer & CHANGE_MISSED);
	return answer & KATRAN_SLOT_BACKEND;
}

/*
 * Hashes the packet's flow. If the VIP hashes the destination port only, the hash takes no client
 * address and the destination port in place of the source port. The outer header then omits the
 * client as well.
 */
static __always_inline __u32 hash_packet(struct packet *packet)
{
	const struct katran_flow *flow = &packet->flow;
	const struct katran_address none = {};

	if (packet->vip_flags & KATRAN_VIP_HASH_DESTINATION_PORT_ONLY) {
		omit_client(packet);
		return hash_source_and_ports(flow->family, none.words,
					     flow->destination_port * 0x10001U, config.hash_seed_v4,
					     config.hash_seed_v6);
	}
	if (packet->is_hashed)
		return packet->hash;
	return hash_flow(flow, config.hash_seed_v4, config.hash_seed_v6);
}

/* Chooses the backend by the ring. */
static __always_inline __u32 choose_by_ring(struct xdp_md *ctx, struct packet *packet)
{
	__u32 index = slot_of(hash_packet(packet), config.ring_size, config.ring_reciprocal,
			      config.ring_shift);
	struct ring_slot slot = packet->is_plain ? read_slot(packet->vip, index)
						 : call_read_slot(packet->vip, index);

	if (slot.word <= KATRAN_SLOT_BACKEND)
		return slot.word;
	if (!(config.features & KATRAN_USES_CHANGES))
		return slot.word & KATRAN_SLOT_BACKEND;
	return choose_by_change(ctx, packet, slot.word, slot.previous);
}

/*
 * Chooses the backend of a flow that is not in the flow table: by source route, otherwise by the
 * ring.
 */
static __always_inline __u32 choose_for_new_flow(struct xdp_md *ctx, struct packet *packet,
						 bool is_limited)
{
	__u32 number = KATRAN_NO_BACKEND;

	if (vip_has(packet, KATRAN_VIP_SOURCE_ROUTING) && !is_limited)
		number = lookup_source_route(&packet->flow);
	if (number == KATRAN_NO_BACKEND)
		number = choose_by_ring(ctx, packet);
	if (number == KATRAN_NO_BACKEND)
		count_event(KATRAN_RING_EMPTY);
	return number;
}

/*
 * Chooses the backend like choose_for_new_flow() and inserts a tracked flow into the flow table,
 * within this second's budget.
 */
static __always_inline __u32 choose_and_insert(struct xdp_md *ctx, struct packet *packet)
{
	bool tracks = vip_has(packet, KATRAN_VIP_TRACKED) && !packet->is_rst &&
		      !packet->is_icmp_error;
	bool is_limited = false;
	__u32 number;
	__u64 now;

	if (!tracks)
		return choose_for_new_flow(ctx, packet, false);
	now = current_time();
	is_limited = !has_new_flow_budget(now, packet->is_syn);
	number = choose_for_new_flow(ctx, packet, is_limited);
	if (!is_limited && find_backend(number))
		insert_tracked_flow(packet, number, now);
	return number;
}

/*
 * Returns the packet's backend, its number in `number` and its word in `packet`. Returns NULL if
 * the packet must be dropped because no backend serves it; the reason has then been counted.
 */
static __always_inline struct katran_backend *choose(struct xdp_md *ctx, struct packet *packet,
						     __u32 *number)
{
	struct katran_backend *backend;

	*number = KATRAN_NO_BACKEND;
	read_client(packet);
	if (vip_has(packet, KATRAN_VIP_TRACKED))
		track(packet);
	if (choose_by_server_id(ctx, packet, number) != NEXT)
		return NULL;
	if (*number == KATRAN_NO_BACKEND && vip_has(packet, KATRAN_VIP_TRACKED)) {
		*number = lookup_flow(packet);
		if (*number && packet->vip_flags & KATRAN_VIP_HASH_DESTINATION_PORT_ONLY)
			omit_client(packet);
	}
	if (*number != KATRAN_NO_BACKEND && vip_has(packet, KATRAN_VIP_UDP_FLOW_MIGRATION) &&
	    is_down(packet->vip, *number)) {
		count_event(KATRAN_UDP_MIGRATIONS);
		*number = KATRAN_NO_BACKEND;
		read_client(packet);
	}
	if (*number == KATRAN_NO_BACKEND)
		*number = choose_and_insert(ctx, packet);
	if (*number == KATRAN_NO_BACKEND)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, number);
	if (backend)
		packet->backend_word = backend_word(backend);
	return backend;
}

#endif
