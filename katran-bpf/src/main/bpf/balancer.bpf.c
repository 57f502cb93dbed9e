/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The load balancer: decapsulate, parse, find the VIP, choose a backend, send. */
#include "choose.h"
#include "config.h"
#include "counters.h"
#include "echo.h"
#include "forward.h"
#include "hash.h"
#include "parse.h"
#include "reverse.h"
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

/* Balances a packet whose flow is known. */
static __always_inline int balance_flow(struct xdp_md *ctx, struct packet *packet)
{
	struct katran_backend *backend;
	__u32 number;

	if (!find_vip(packet))
		return reverse_or_pass(ctx, packet);
	if (packet->frame > config.max_packet_size) {
		if (packet_length(packet) + ETH_HLEN <= config.max_packet_size)
			return XDP_DROP; /* too long because of its padding only */
		return answer_too_big(ctx, config.max_packet_size - ETH_HLEN,
				      packet->is_icmp_error);
	}
	backend = choose(ctx, packet, &number);
	if (!backend)
		return XDP_DROP;
	return forward(ctx, packet, backend, number);
}

/* Decides about a packet by the result of its parser. */
static __always_inline int balance_parsed(struct xdp_md *ctx, struct packet *packet, int verdict)
{
	if (verdict == MESSAGE)
		verdict = parse_message(ctx, packet);
	if (verdict == NEXT)
		return balance_flow(ctx, packet);
	if (verdict == ECHO_REQUEST)
		return reply_to_ping(ctx);
	if (verdict >= REFUSED)
		return drop_or_pass(ctx, verdict - REFUSED,
				    uses(packet, KATRAN_USES_DECAPSULATION) &&
					    packet->tunnel_bytes);
	return verdict;
}

/*
 * Hashes the packet's flow and balances it. The packet waits longest for the hash, so that begins
 * before the VIP is known: few VIPs hash anything but the whole flow.
 */
static __always_inline int hash_and_balance(struct xdp_md *ctx, struct packet *packet)
{
	packet->hash = hash_flow(&packet->flow, config.hash_seed_v4, config.hash_seed_v6);
	barrier_var(packet->hash); /* or clang moves it to where it is used */
	packet->is_hashed = true;
	return balance_flow(ctx, packet);
}

/*
 * Balances a packet in a program without features. TCP and UDP of either family take a way of their
 * own: the Ethertype is a compile-time constant there and leaves no branches by family.
 */
static __always_inline int balance_plain(struct xdp_md *ctx, struct packet *packet, __be16 type)
{
	int verdict = XDP_PASS;

	if (type == bpf_htons(ETH_P_IP)) {
		verdict = parse_ip(ctx, packet, bpf_htons(ETH_P_IP));
		if (verdict == NEXT)
			return hash_and_balance(ctx, packet);
	} else if (type == bpf_htons(ETH_P_IPV6)) {
		verdict = parse_ip(ctx, packet, bpf_htons(ETH_P_IPV6));
		if (verdict == NEXT)
			return hash_and_balance(ctx, packet);
	}
	return balance_parsed(ctx, packet, verdict);
}

static __always_inline int balance(struct xdp_md *ctx, struct packet *packet)
{
	int verdict;
	__be16 type;

	if (uses(packet, KATRAN_USES_DECAPSULATION)) {
		verdict = parse_ethernet(ctx, packet, &type);
		if (verdict != NEXT)
			return XDP_PASS;
		verdict = decapsulate(ctx, packet);
		if (verdict != NEXT)
			return verdict;
		packet->frame = frame_length(ctx);
	}
	verdict = parse_ethernet(ctx, packet, &type);
	if (verdict != NEXT)
		return verdict;
	if (packet->is_plain)
		return balance_plain(ctx, packet, type);
	return balance_parsed(ctx, packet, parse_ip(ctx, packet, type));
}

/* Balances a frame and counts it by its verdict. */
static __always_inline int balance_and_count(struct xdp_md *ctx, bool is_plain)
{
	__u64 bytes = frame_length(ctx);
	struct packet packet = {
		.is_plain = is_plain,
		.received = bytes,
		.frame = bytes,
	};
	int verdict;

	if (config.has_counter_blocks) {
		packet.counters = own_counters();
		if (!packet.counters)
			return XDP_ABORTED; /* never: every possible CPU has counters */
	}
	verdict = balance(ctx, &packet);
	if (packet.is_counted)
		return verdict;
	if (verdict == XDP_DROP || verdict == XDP_ABORTED)
		count_own(&packet, KATRAN_DROP, bytes);
	else if (verdict == XDP_PASS)
		count_own(&packet, KATRAN_PASS, bytes);
	else
		count_own(&packet, KATRAN_TX, bytes);
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
