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

static __always_inline int balance(struct xdp_md *ctx, bool is_plain)
{
	struct packet packet = {
		.is_plain = is_plain,
	};
	struct katran_backend *backend;
	__u32 number;
	int verdict;

	if (uses(&packet, KATRAN_USES_DECAPSULATION)) {
		verdict = decapsulate(ctx, &packet);
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
	if (!(config.features & ~KATRAN_USES_CHANGES) && !config.vip_flags)
		return balance_and_count(ctx, true);
	return balance_and_count(ctx, false);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
