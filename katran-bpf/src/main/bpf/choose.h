/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which backend a packet goes to. */
#ifndef KATRAN_CHOOSE_H
#define KATRAN_CHOOSE_H

#include "change.h"
#include "down.h"
#include "flow.h"
#include "ring.h"
#include "server_id.h"
#include "source.h"

/*
 * The steps below answer NEXT or DROP, and leave the number of the backend they chose in `number`,
 * or what is there.
 */

/* Counts a QUIC packet that was routed by its id, and what the flow table thought of it. */
static __always_inline void count_quic_id(const struct packet *packet, __u32 number)
{
	count_event(KATRAN_QUIC_ID);
	if (!vip_has(packet, KATRAN_VIP_TRACKED))
		return;
	switch (align_flow(packet, number)) {
	case MATCH:
		count_event(KATRAN_QUIC_FLOW_MATCH);
		break;
	case MISMATCH:
		count_event(KATRAN_QUIC_FLOW_MISMATCH);
		count_vip(packet, KATRAN_VIP_ID_MISMATCH, 0);
		break;
	case ABSENT:
		count_event(KATRAN_QUIC_FLOW_ABSENT);
		count_vip(packet, KATRAN_VIP_ID_NEW, 0);
		break;
	}
}

static __always_inline void sample_invalid_id(__u32 id)
{
	struct katran_counter *sample =
		find_counter(KATRAN_QUIC_INVALID_ID_SAMPLE, config.counters_per_cpu);

	if (sample)
		sample->packets = id;
}

static __always_inline int choose_by_quic_id(struct xdp_md *ctx, const struct packet *packet,
					     __u32 *number)
{
	struct udphdr *udp = transport_header(ctx, packet->flow.family);
	bool is_initial = false;
	__u32 id;

	id = read_quic_id((void *)(udp + 1), packet_end(ctx), &is_initial);
	if (is_initial) {
		count_event(KATRAN_QUIC_INITIAL);
		return NEXT;
	}
	if (id != NO_SERVER_ID) {
		*number = table_lookup(&server_ids, &id);
		if (*number == KATRAN_NO_BACKEND) {
			count_event(KATRAN_QUIC_INVALID_ID);
			sample_invalid_id(id);
		}
	}
	if (*number == KATRAN_NO_BACKEND) {
		count_event(KATRAN_QUIC_RING);
		return NEXT;
	}
	if (!find_backend(*number)) {
		count_event(KATRAN_QUIC_UNKNOWN_BACKEND);
		return XDP_DROP;
	}
	count_quic_id(packet, *number);
	return NEXT;
}

static __always_inline int choose_by_stable_id(struct xdp_md *ctx, const struct packet *packet,
					       __u32 *number)
{
	struct udphdr *udp = transport_header(ctx, packet->flow.family);
	bool has_header;
	__u32 id;

	id = read_stable_id((void *)(udp + 1), packet_end(ctx), &has_header);
	if (!has_header)
		count_event(KATRAN_STABLE_NO_HEADER);
	if (id != NO_SERVER_ID) {
		*number = table_lookup(&server_ids, &id);
		if (*number == KATRAN_NO_BACKEND)
			count_event(KATRAN_STABLE_INVALID_ID);
	}
	if (*number == KATRAN_NO_BACKEND) {
		count_event(KATRAN_STABLE_RING);
		return NEXT;
	}
	if (!find_backend(*number)) {
		count_event(KATRAN_STABLE_UNKNOWN_BACKEND);
		return XDP_DROP;
	}
	count_event(KATRAN_STABLE_ID);
	return NEXT;
}

static __always_inline void count_tcp_id(const struct packet *packet, __u32 number)
{
	count_event(KATRAN_TCP_ID_ID);
	if (!vip_has(packet, KATRAN_VIP_TRACKED))
		return;
	switch (align_flow(packet, number)) {
	case MATCH:
		break;
	case MISMATCH:
		count_event(KATRAN_TCP_ID_MISMATCH);
		count_vip(packet, KATRAN_VIP_ID_MISMATCH, 0);
		break;
	case ABSENT:
		count_vip(packet, KATRAN_VIP_ID_NEW, 0);
		break;
	}
}

static __always_inline int choose_by_tcp_id(struct xdp_md *ctx, const struct packet *packet,
					    __u32 *number)
{
	__u32 offset = ETH_HLEN + (packet->flow.family == KATRAN_IPV6 ? sizeof(struct ipv6hdr)
								      : sizeof(struct iphdr));
	__u32 id;

	if (packet->is_syn) {
		count_event(KATRAN_TCP_ID_SYN);
		return NEXT;
	}
	id = read_tcp_id(ctx, offset);
	if (id != NO_SERVER_ID) {
		*number = table_lookup(&server_ids, &id);
		if (*number == KATRAN_NO_BACKEND)
			count_event(KATRAN_TCP_ID_INVALID);
	}
	if (*number == KATRAN_NO_BACKEND) {
		count_event(KATRAN_TCP_ID_RING);
		return NEXT;
	}
	if (!find_backend(*number)) {
		count_event(KATRAN_TCP_ID_UNKNOWN_BACKEND);
		return XDP_DROP;
	}
	count_tcp_id(packet, *number);
	return NEXT;
}

/* The packet itself may say which backend it wants, in one way or, if not, in another. */
static __always_inline int choose_by_server_id(struct xdp_md *ctx, const struct packet *packet,
					       __u32 *number)
{
	__u8 protocol = packet->flow.protocol;

	if (packet->is_icmp) {
		if (protocol == IPPROTO_UDP && vip_has(packet, KATRAN_VIP_QUIC))
			count_event(KATRAN_QUIC_ICMP);
		return NEXT;
	}
	if (protocol == IPPROTO_UDP && vip_has(packet, KATRAN_VIP_QUIC) &&
	    choose_by_quic_id(ctx, packet, number) != NEXT)
		return XDP_DROP;
	if (*number == KATRAN_NO_BACKEND && protocol == IPPROTO_UDP &&
	    vip_has(packet, KATRAN_VIP_UDP_STABLE_ROUTING))
		return choose_by_stable_id(ctx, packet, number);
	if (uses(packet, KATRAN_USES_TCP_SERVER_IDS) && protocol == IPPROTO_TCP)
		return choose_by_tcp_id(ctx, packet, number);
	return NEXT;
}

/* The choice in a slot that is not stable. */
static __always_inline __u32 choose_by_change(struct xdp_md *ctx, struct packet *packet, __u32 slot,
					      __u32 word)
{
	struct change change = {
		.flow = packet->flow,
		.vip = packet->vip,
		.idle = packet->idle,
		.slot = slot,
		.word = word,
		.is_icmp = packet->is_icmp,
		.loses_down = vip_has(packet, KATRAN_VIP_UDP_FLOW_MIGRATION),
	};
	__u32 answer = choose_in_change(ctx, &change);

	packet->is_missed |= !!(answer & CHANGE_MISSED);
	return answer & KATRAN_SLOT_BACKEND;
}

/*
 * The ring's choice. Where the destination port alone counts, the flow is hashed as if it came
 * from nowhere, and the outer header does not tell clients apart either.
 */
static __always_inline __u32 choose_by_ring(struct xdp_md *ctx, struct packet *packet)
{
	const struct katran_flow *flow = &packet->flow;
	struct katran_address source = flow->source;
	__u16 source_port = flow->source_port;
	__u32 slot;
	__u32 word;

	if (packet->vip_flags & KATRAN_VIP_HASH_DESTINATION_PORT_ONLY) {
		source = (struct katran_address){};
		source_port = flow->destination_port;
		packet->hides_client = true;
	}
	slot = hash_source_and_ports(flow->family, source.words,
				     (__u32)flow->destination_port << 16 | source_port,
				     config.hash_seed_v4, config.hash_seed_v6) %
	       config.ring_size;
	word = ring_word(packet->vip, slot);
	if (word <= KATRAN_SLOT_BACKEND)
		return word;
	if (!(config.features & KATRAN_USES_CHANGES))
		return word & KATRAN_SLOT_BACKEND;
	return choose_by_change(ctx, packet, slot, word);
}

/* The choice for a flow that nothing is known of: its source's, or else the ring's. */
static __always_inline __u32 choose_for_new_flow(struct xdp_md *ctx, struct packet *packet,
						 bool is_limited)
{
	__u32 number = KATRAN_NO_BACKEND;

	if (vip_has(packet, KATRAN_VIP_SOURCE_ROUTING) && !is_limited)
		number = route_source(&packet->flow);
	if (number == KATRAN_NO_BACKEND)
		number = choose_by_ring(ctx, packet);
	if (number == KATRAN_NO_BACKEND)
		count_event(KATRAN_RING_EMPTY);
	return number;
}

/* The same, and a tracked flow is entered in the flow table. */
static __always_inline __u32 choose_and_enter(struct xdp_md *ctx, struct packet *packet)
{
	bool enters = vip_has(packet, KATRAN_VIP_TRACKED) && !packet->is_rst;
	bool is_limited = false;
	__u32 number;
	__u64 now;

	if (!enters)
		return choose_for_new_flow(ctx, packet, false);
	now = bpf_ktime_get_ns();
	is_limited = !has_new_flow_budget(now);
	number = choose_for_new_flow(ctx, packet, is_limited);
	if (!is_limited && find_backend(number))
		enter_flow(flow_table(), &packet->flow, packet->vip, number, now);
	return number;
}

/*
 * The backend of this packet; its number goes to `number`, its flags to `packet`. NULL: the packet
 * is to be dropped, since nobody serves it, and that is counted.
 */
static __always_inline struct katran_backend *choose(struct xdp_md *ctx, struct packet *packet,
						     __u32 *number)
{
	struct katran_backend *backend;

	*number = KATRAN_NO_BACKEND;
	if (choose_by_server_id(ctx, packet, number) != NEXT)
		return NULL;
	if (*number == KATRAN_NO_BACKEND && vip_has(packet, KATRAN_VIP_TRACKED)) {
		*number = recall_flow(packet);
		packet->hides_client =
			*number && packet->vip_flags & KATRAN_VIP_HASH_DESTINATION_PORT_ONLY;
	}
	if (*number != KATRAN_NO_BACKEND && vip_has(packet, KATRAN_VIP_UDP_FLOW_MIGRATION) &&
	    is_down(packet->vip, *number)) {
		count_event(KATRAN_UDP_MIGRATIONS);
		*number = KATRAN_NO_BACKEND;
		packet->hides_client = false;
	}
	if (*number == KATRAN_NO_BACKEND)
		*number = choose_and_enter(ctx, packet);
	if (*number == KATRAN_NO_BACKEND)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, number);
	if (backend)
		packet->backend_flags = *(const volatile __u8 *)&backend->flags;
	return backend;
}

#endif
