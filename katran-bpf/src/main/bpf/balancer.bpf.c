/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The load balancer: parse, find the VIP, choose a backend, encapsulate, send. */
#include "choose.h"
#include "config.h"
#include "counters.h"
#include "encap.h"
#include "icmp.h"
#include "parse.h"
#include "too_big.h"
#include "tunnel.h"
#include "vip.h"
#include "watch.h"

/* Counts a packet that is on its way to its backend. */
static __always_inline void count_forwarded(const struct packet *packet, __u32 backend)
{
	count_vip(packet, KATRAN_VIP_FORWARDED, packet->bytes);
	count(config.first_backend_counter + backend, config.counters_per_cpu, packet->bytes);
	if (uses(packet, KATRAN_USES_DECAPSULATION) && packet->tunnel_bytes)
		count_vip(packet, KATRAN_VIP_DECAPSULATED, packet->bytes);
	if (vip_has(packet, KATRAN_VIP_WATCHED) && packet->is_missed)
		count_watched_miss(backend, packet->bytes);
}

/* Wraps the packet for its backend and sends it. */
static __always_inline int forward(struct xdp_md *ctx, const struct packet *packet,
				   const struct katran_backend *backend, __u32 number)
{
	if (vip_has(packet, KATRAN_VIP_LOCAL) && packet->backend_flags & KATRAN_BACKEND_LOCAL) {
		count_forwarded(packet, number);
		return XDP_PASS;
	}
	if (!(packet->backend_flags & KATRAN_BACKEND_RESOLVED)) {
		count_event(KATRAN_BACKEND_UNKNOWN);
		return XDP_DROP;
	}
	if (encapsulate(ctx, packet, backend) != NEXT) {
		count_event(backend->family == KATRAN_IPV4 ? KATRAN_ENCAP_FAILED_V4
							   : KATRAN_ENCAP_FAILED_V6);
		return XDP_DROP;
	}
	count_forwarded(packet, number);
	return send(packet, backend);
}

static __always_inline int balance(struct xdp_md *ctx, bool is_plain)
{
	struct packet packet = {
		.is_plain = is_plain,
	};
	struct katran_backend *backend;
	__u32 number;
	int verdict;

	if (uses(&packet, KATRAN_USES_DECAPSULATION)) {
		verdict = end_tunnels(ctx, &packet);
		if (verdict != NEXT)
			return verdict;
	}
	verdict = parse(ctx, &packet);
	if (verdict != NEXT)
		return verdict;
	if (packet.is_echo)
		return reply_to_ping(ctx, &packet);

	if (!find_vip(&packet))
		return XDP_PASS;
	if (frame_length(ctx) > config.max_packet_size)
		return uses(&packet, KATRAN_USES_TOO_BIG) ? answer_too_big(ctx, packet.flow.family,
								  config.max_packet_size)
						 : XDP_DROP;
	backend = choose(ctx, &packet, &number);
	if (!backend)
		return XDP_DROP;
	return forward(ctx, &packet, backend, number);
}

/* Balances a frame, and counts it by what becomes of it. */
static __always_inline int balance_and_count(struct xdp_md *ctx, bool is_plain)
{
	__u32 bytes = frame_length(ctx);
	int verdict = balance(ctx, is_plain);
	__u32 counter = KATRAN_TX; /* XDP_REDIRECT is one too: sent by another interface */

	if (verdict == XDP_DROP || verdict == XDP_ABORTED)
		counter = KATRAN_DROP;
	else if (verdict == XDP_PASS)
		counter = KATRAN_PASS;
	count(counter, config.counters_per_cpu, bytes);
	return verdict;
}

/* Of the two ways the verifier keeps one; clang leaves the features' code out of the first. */
SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	if (!(config.features & ~KATRAN_USES_CHANGES) && !config.vip_flags)
		return balance_and_count(ctx, true);
	return balance_and_count(ctx, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
