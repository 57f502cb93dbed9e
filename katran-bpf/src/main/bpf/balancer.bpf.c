/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The load balancer: decapsulate, parse, find the VIP, choose a backend, encapsulate, send. */
#include "choose.h"
#include "config.h"
#include "counters.h"
#include "echo.h"
#include "forward.h"
#include "parse.h"
#include "too_big.h"
#include "tunnel.h"
#include "vip.h"

/*
 * Decides about a packet that cannot be balanced. Passes it if it is for no VIP, unless it is
 * malformed and came in a tunnel: what ended a tunnel is not passed on unread. Not inline: few
 * packets need it.
 */
static __noinline int drop_or_pass(struct xdp_md *ctx, __u32 reason, bool was_in_tunnel)
{
	if (!(was_in_tunnel && reason == KATRAN_MALFORMED) && !is_for_vip(ctx))
		return XDP_PASS;
	count_event(reason);
	return XDP_DROP;
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
		struct ethhdr *eth = packet_data(ctx);

		if ((void *)(eth + 1) > packet_end(ctx) ||
		    !is_for_us(ctx, read_mac(eth->h_dest), &packet))
			return XDP_PASS;
		verdict = decapsulate(ctx, &packet);
		if (verdict != NEXT)
			return verdict;
	}
	verdict = parse(ctx, &packet);
	if (verdict == ECHO_REQUEST)
		return reply_to_ping(ctx);
	if (verdict >= REFUSED)
		return drop_or_pass(ctx, verdict - REFUSED,
				    uses(&packet, KATRAN_USES_DECAPSULATION) &&
					    packet.tunnel_bytes);
	if (verdict != NEXT)
		return verdict;

	if (!find_vip(&packet))
		return XDP_PASS;
	if (frame_length(ctx) > config.max_packet_size) {
		if (packet_length(&packet) + ETH_HLEN <= config.max_packet_size)
			return XDP_DROP; /* too long because of its padding only */
		return answer_too_big(ctx, config.max_packet_size - ETH_HLEN, packet.is_icmp_error);
	}
	backend = choose(ctx, &packet, &number);
	if (!backend)
		return XDP_DROP;
	return forward(ctx, &packet, backend, number);
}

/* Balances a frame and counts it by its verdict. */
static __always_inline int balance_and_count(struct xdp_md *ctx, bool is_plain)
{
	__u32 bytes = frame_length(ctx);
	int verdict = balance(ctx, is_plain);
	__u32 counter = KATRAN_TX; /* includes XDP_REDIRECT, which sends by another interface */

	if (verdict == XDP_DROP || verdict == XDP_ABORTED)
		counter = KATRAN_DROP;
	else if (verdict == XDP_PASS)
		counter = KATRAN_PASS;
	count(counter, config.counters_per_cpu, bytes);
	return verdict;
}

/* The verifier keeps one of the two branches; clang omits all feature code from the first. */
SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	if (!(config.features & ~PLAIN_FEATURES) && !config.vip_flags)
		return balance_and_count(ctx, true);
	return balance_and_count(ctx, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
