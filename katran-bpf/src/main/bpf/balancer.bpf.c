/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The load balancer: parse, find the VIP, choose a backend, encapsulate, send. */
#include "choose.h"
#include "counters.h"
#include "encap.h"
#include "icmp.h"
#include "parse.h"
#include "too_big.h"
#include "vip.h"

const volatile struct katran_balancer_config config SEC(".rodata.config") = {};

/* Counts a packet that is on its way to its backend. */
static __always_inline void count_forwarded(__u32 vip, __u32 backend, __u64 bytes)
{
	count(KATRAN_FIRST_VIP_COUNTER + vip, config.counters_per_cpu, bytes);
	count(config.first_backend_counter + backend, config.counters_per_cpu, bytes);
}

static __always_inline int balance(struct xdp_md *ctx)
{
	struct packet packet = {};
	struct katran_backend *backend;
	struct katran_vip *vip;
	__u32 backend_number;
	__u32 vip_number;
	int verdict;

	verdict = parse(ctx, &packet);
	if (verdict != NEXT)
		return verdict;
	if (packet.is_echo)
		return reply_to_ping(ctx, &packet);

	vip = find_vip(&packet.flow);
	if (!vip)
		return XDP_PASS;
	if (frame_length(ctx) > config.max_packet_size)
		return config.answer_too_big ? answer_too_big(ctx, packet.flow.family,
							      config.max_packet_size)
					     : XDP_DROP;
	vip_number = vip->number;

	backend = choose(vip, &packet, &config, &backend_number);
	if (!backend)
		return XDP_DROP;

	verdict = encapsulate(ctx, &packet, backend, &config);
	if (verdict != NEXT)
		return verdict;
	count_forwarded(vip_number, backend_number, packet.bytes);
	return send(&packet, backend);
}

SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	__u32 bytes = frame_length(ctx);
	int verdict = balance(ctx);
	__u32 counter = KATRAN_TX; /* XDP_REDIRECT is one too: sent by another interface */

	if (verdict == XDP_DROP || verdict == XDP_ABORTED)
		counter = KATRAN_DROP;
	else if (verdict == XDP_PASS)
		counter = KATRAN_PASS;
	count(counter, config.counters_per_cpu, bytes);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
