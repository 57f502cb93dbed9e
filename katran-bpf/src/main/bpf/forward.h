/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends packets to their backend: in a tunnel, rewritten, or as they are. */
#ifndef KATRAN_FORWARD_H
#define KATRAN_FORWARD_H

#include "config.h"
#include "gue.h"
#include "ipip.h"
#include "rewrite.h"
#include "time_exceeded.h"
#include "too_big.h"
#include "watch.h"

/*
 * Encapsulates the packet for its backend. NEXT: the frame is ready to be sent. XDP_DROP: the frame
 * has no headroom.
 */
static __always_inline int encapsulate(struct xdp_md *ctx, const struct packet *packet,
				       const struct katran_backend *backend)
{
	__u32 inner_length = packet_length(packet);

	if (uses(packet, KATRAN_USES_GUE) && backend_has(packet, KATRAN_BACKEND_GUE))
		return backend_family(packet) == KATRAN_IPV4
			       ? gue_in_ipv4(ctx, packet, backend, inner_length)
			       : gue_in_ipv6(ctx, packet, backend, inner_length);
	return backend_family(packet) == KATRAN_IPV4
		       ? ipip_in_ipv4(ctx, packet, backend, inner_length)
		       : ipip_in_ipv6(ctx, packet, backend, inner_length);
}

/* Addresses the frame to the backend's next hop, without a change to its packet. NEXT: done. */
static __always_inline int address_frame(struct xdp_md *ctx, const struct packet *packet,
					 const struct katran_backend *backend)
{
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > packet_end(ctx))
		return XDP_DROP;
	write_ethernet(eth, packet, backend,
		       packet->flow.family == KATRAN_IPV4 ? bpf_htons(ETH_P_IP)
							  : bpf_htons(ETH_P_IPV6));
	return NEXT;
}

/*
 * Rewrites the destination of an ICMP error, and the source of what it quotes. Not inline: few
 * packets need it.
 */
static __noinline int rewrite_error(struct xdp_md *ctx, const struct katran_backend *backend,
				    __u8 family, bool is_fragment)
{
	if (family == KATRAN_IPV4)
		return rewrite_error_v4(ctx, backend->address.words[0], backend->port, DESTINATION,
					1);
	return rewrite_error_v6(ctx, &backend->address, backend->port, is_fragment, DESTINATION, 1);
}

/*
 * Rewrites the packet's destination and addresses its frame. NEXT: the frame is ready to be sent.
 * Any other result is a verdict.
 */
static __always_inline int rewrite(struct xdp_md *ctx, const struct packet *packet,
				   const struct katran_backend *backend)
{
	const struct katran_flow *flow = &packet->flow;
	int verdict;

	if (flow->family != backend_family(packet)) {
		count_event(KATRAN_NOT_REWRITABLE);
		return XDP_DROP;
	}
	if (packet->is_icmp_error)
		verdict = rewrite_error(ctx, backend, flow->family, packet->is_quoted_fragment);
	else if (flow->family == KATRAN_IPV4)
		verdict = rewrite_ipv4(ctx, flow->protocol, backend->address.words[0],
				       backend->port, DESTINATION, 1);
	else
		verdict = rewrite_ipv6(ctx, flow->protocol, &backend->address, backend->port,
				       DESTINATION, 1);
	if (verdict == TTL_SPENT)
		return answer_time_exceeded(ctx, packet->is_icmp_error);
	return verdict == NEXT ? address_frame(ctx, packet, backend) : verdict;
}

/*
 * Prepares the packet for its backend. NEXT: the frame is ready to be sent. Any other result is a
 * verdict.
 */
static __always_inline int prepare(struct xdp_md *ctx, const struct packet *packet,
				   const struct katran_backend *backend)
{
	if (uses(packet, KATRAN_USES_DIRECTS) && backend_has(packet, KATRAN_BACKEND_DIRECT))
		return address_frame(ctx, packet, backend);
	if (uses(packet, KATRAN_USES_REWRITES) && backend_has(packet, KATRAN_BACKEND_REWRITE))
		return rewrite(ctx, packet, backend);
	if (encapsulate(ctx, packet, backend) == NEXT)
		return NEXT;
	count_event(backend_family(packet) == KATRAN_IPV4 ? KATRAN_ENCAP_FAILED_V4
							  : KATRAN_ENCAP_FAILED_V6);
	return XDP_DROP;
}

/* Sends the frame out of the backend's egress interface, which may be the one it arrived by. */
static __always_inline int send(const struct xdp_md *ctx, const struct packet *packet,
				const struct katran_backend *backend)
{
	if (backend_has(packet, KATRAN_BACKEND_REDIRECT) &&
	    (!uses(packet, KATRAN_USES_INTERFACES) ||
	     ctx->ingress_ifindex != backend->egress_ifindex))
		return bpf_redirect(backend->egress_ifindex, 0);
	return XDP_TX;
}

/* Adds the packet to its verdict's counter, and to those of its VIP and backend. */
static __always_inline void count_in_three(struct packet *packet, enum katran_balancer_counter verdict,
					   __u32 backend)
{
	__u32 of_vip = vip_counter(packet, KATRAN_VIP_FORWARDED);
	__u32 of_backend = config.first_backend_counter + backend;

	packet->is_counted = true;
	if (config.has_counter_blocks) {
		count_in_block(packet, of_vip, packet->bytes);
		count_in_block(packet, of_backend, packet->bytes);
		add_packet(packet->counters + verdict, packet->received);
	} else {
		count(of_vip, config.counters_per_cpu, packet->bytes);
		count(of_backend, config.counters_per_cpu, packet->bytes);
		count(verdict, config.counters_per_cpu, packet->received);
	}
}

/* Counts a packet that is being forwarded. */
static __always_inline void count_forwarded(struct packet *packet,
					    enum katran_balancer_counter verdict, __u32 backend)
{
	count_in_three(packet, verdict, backend);
	if (uses(packet, KATRAN_USES_DECAPSULATION) && packet->tunnel_bytes)
		count_vip(packet, KATRAN_VIP_DECAPSULATED, packet->bytes);
	if (vip_has(packet, KATRAN_VIP_WATCHED) && packet->is_missed)
		count_watched_miss(backend, packet->bytes);
}

/*
 * Sends the packet to its backend. Passes it to the host if the backend is local, and tells its
 * sender if there is no room for it on the way.
 */
static __always_inline int forward(struct xdp_md *ctx, struct packet *packet,
				   const struct katran_backend *backend, __u32 number)
{
	int verdict;

	if (vip_has(packet, KATRAN_VIP_LOCAL) && backend_has(packet, KATRAN_BACKEND_LOCAL)) {
		count_forwarded(packet, KATRAN_PASS, number);
		return XDP_PASS;
	}
	if (!(backend_has(packet, KATRAN_BACKEND_RESOLVED))) {
		count_event(KATRAN_BACKEND_UNKNOWN);
		return XDP_DROP;
	}
	if (packet_length(packet) > backend->room)
		return answer_too_big(ctx, backend->room, packet->is_icmp_error);
	verdict = prepare(ctx, packet, backend);
	if (verdict != NEXT)
		return verdict;
	/* KATRAN_TX includes XDP_REDIRECT, which sends by another interface */
	count_forwarded(packet, KATRAN_TX, number);
	return send(ctx, packet, backend);
}

#endif
