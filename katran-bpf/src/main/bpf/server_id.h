/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routing by server id: the packet names its backend.
 *
 * The choose_by functions return NEXT or XDP_DROP. They set `number` to the chosen backend and
 * leave it unchanged if they choose none.
 */
#ifndef KATRAN_SERVER_ID_H
#define KATRAN_SERVER_ID_H

#include "config.h"
#include "flow.h"
#include "icmp.h"
#include "lengths.h"
#include "packet.h"
#include "quic.h"
#include "ring.h"
#include "table.h"
#include "tcp_option.h"

/* Maps a server id to its backend's number. */
TABLE(server_ids, BPF_MAP_TYPE_HASH, sizeof(__u32));

#define STABLE_ROUTING_TYPE 0x52
#define STABLE_ROUTING_LENGTH 8

/*
 * Reads the server id of a stable routing header in `length` bytes of payload. Sets `is_there` if
 * that header is present.
 */
static __always_inline __u32 read_stable_id(const __u8 *header, const void *end, int length,
					    bool *is_there)
{
	*is_there = length >= STABLE_ROUTING_LENGTH &&
		    (void *)(header + STABLE_ROUTING_LENGTH) <= end &&
		    header[0] == STABLE_ROUTING_TYPE;
	if (!*is_there)
		return NO_SERVER_ID;
	return header[1] << 16 | header[2] << 8 | header[3];
}

/* Counts a QUIC packet routed by its id, and whether the flow table agreed. */
static __always_inline void count_quic_id(const struct packet *packet, __u32 number)
{
	count_event(KATRAN_QUIC_ID);
	if (!vip_has(packet, KATRAN_VIP_TRACKED))
		return;
	switch (reconcile_flow(packet, number)) {
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
		find_own_counter(KATRAN_QUIC_INVALID_ID_SAMPLE);

	if (sample)
		sample->packets = id;
}

/* Makes a QUIC packet of the `length` bytes behind a UDP header. */
static __always_inline struct quic quic_in(struct xdp_md *ctx, const struct udphdr *udp, int length)
{
	const struct quic quic = {
		.bytes = (const void *)(udp + 1),
		.end = packet_end(ctx),
		.length = length,
	};

	return quic;
}

/*
 * Chooses the backend of an ICMP error about a QUIC connection. If the connection was routed by its
 * id, the error goes the same way. IPv6 fragments are not looked into.
 */
static __always_inline void choose_by_quoted_quic_id(struct xdp_md *ctx, struct packet *packet,
						     __u32 *number)
{
	__u32 header = packet->flow.family == KATRAN_IPV6 ? sizeof(struct ipv6hdr)
							  : sizeof(struct iphdr);
	__u32 quoted = sizeof(struct icmp_header) + header;
	struct udphdr *udp = packet_data(ctx) + ETH_HLEN + header + quoted;
	struct quic quic;
	__u32 id;

	count_event(KATRAN_QUIC_ICMP);
	if (packet->is_quoted_fragment || (void *)(udp + 1) > packet_end(ctx))
		return;
	quic = quic_in(ctx, udp, packet->payload - quoted - sizeof(*udp));
	id = read_quic_source_id(&quic);
	if (id == NO_SERVER_ID)
		return;
	*number = table_lookup(&server_ids, &id);
	if (*number != KATRAN_NO_BACKEND && !find_backend(*number))
		*number = KATRAN_NO_BACKEND;
}

static __always_inline int choose_by_quic_id(struct xdp_md *ctx, struct packet *packet,
					     __u32 *number)
{
	struct udphdr *udp = transport_header(ctx, packet->flow.family);
	struct quic quic;
	__u32 id;

	if ((void *)(udp + 1) > packet_end(ctx))
		return NEXT;
	quic = quic_in(ctx, udp, udp_payload(udp, packet->payload));
	id = read_quic_id(&quic, &packet->is_initial);
	if (packet->is_initial) {
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

	if ((void *)(udp + 1) > packet_end(ctx))
		return NEXT;
	id = read_stable_id((void *)(udp + 1), packet_end(ctx), udp_payload(udp, packet->payload),
			    &has_header);
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
	switch (reconcile_flow(packet, number)) {
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

/*
 * Chooses the backend that the packet names. UDP tries the QUIC connection id first and then the
 * stable routing header.
 */
static __always_inline int choose_by_server_id(struct xdp_md *ctx, struct packet *packet,
					       __u32 *number)
{
	__u8 protocol = packet->flow.protocol;

	if (!any_vip_has(packet, KATRAN_VIP_QUIC | KATRAN_VIP_UDP_STABLE_ROUTING) &&
	    !uses(packet, KATRAN_USES_TCP_SERVER_IDS))
		return NEXT;
	if (packet->is_icmp_error) {
		if (protocol == IPPROTO_UDP && vip_has(packet, KATRAN_VIP_QUIC))
			choose_by_quoted_quic_id(ctx, packet, number);
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

#endif
