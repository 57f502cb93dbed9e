/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routes packets in slots whose backend has changed: open flows stay on their backend, new flows
 * use the new one.
 *
 * Few packets take this path. It is a separate function that works on copies of the fields it
 * needs, so that the common path pays for one comparison only. The function is global: the verifier
 * checks it once, for any arguments, and not again for each state that a packet may be in.
 */
#ifndef KATRAN_CHANGE_H
#define KATRAN_CHANGE_H

#include "down.h"
#include "flow.h"
#include "ring.h"

/* Set in the result, beside the backend's number, on a flow table miss. */
#define CHANGE_MISSED (1u << 31)

/* A packet in a slot that is not stable. */
struct change {
	struct placed_flow *flow;
	__u64 now;
	__u32 idle;	    /* seconds until an unused entry expires */
	__u32 word;	    /* the slot's word in the ring */
	__u32 previous;	    /* the slot's previous backend, if it is changing */
	__u32 traits;	    /* enum change_trait */
	bool is_syn;	    /* SYN without ACK */
	bool is_rst;
};

enum change_trait {
	CHANGE_ICMP_ERROR = 1 << 0, /* an ICMP error about the flow */
	CHANGE_INITIAL = 1 << 1,    /* a QUIC packet that opens a connection */
	CHANGE_MIGRATES = 1 << 2,   /* flows of this VIP leave backends that are down */
};

/* Reads the flags of the TCP header. Its presence was checked when the packet was parsed. */
static __always_inline void read_tcp_flags(struct xdp_md *ctx, struct change *change)
{
	struct tcphdr *tcp = transport_header(ctx, change->flow->key.flow.family);

	if (change->flow->key.flow.protocol != IPPROTO_TCP || change->traits & CHANGE_ICMP_ERROR ||
	    (void *)(tcp + 1) > packet_end(ctx))
		return;
	change->is_syn = tcp->syn && !tcp->ack;
	change->is_rst = tcp->rst;
}

/* Returns whether the packet opens a connection. */
static __always_inline bool begins(const struct change *change)
{
	return change->is_syn || change->traits & CHANGE_INITIAL;
}

/* Returns whether the flow leaves this backend because it is down. Counts the migration. */
static __always_inline bool migrates(const struct change *change, __u32 backend)
{
	if (!(config.vip_flags & KATRAN_VIP_UDP_FLOW_MIGRATION) ||
	    !(change->traits & CHANGE_MIGRATES) || !is_down(change->flow->key.vip, backend))
		return false;
	count_event(KATRAN_UDP_MIGRATIONS);
	return true;
}

/*
 * Enters the flow, with this backend, into the flow table. No entry that is in use makes room: its
 * flow might lose its backend.
 */
static __always_inline bool insert_in_change(const struct change *change, __u32 backend)
{
	return insert_current_flow(backend, change->now, change->idle * NANOSECONDS_PER_SECOND);
}

/*
 * Looks up the flow's backend in the flow table. Returns KATRAN_NO_BACKEND if the flow has no live
 * entry, leaves its backend, or begins where the slot has no backend.
 */
static __always_inline __u32 lookup_in_change(const struct change *change)
{
	__u32 current = change->word & KATRAN_SLOT_BACKEND;
	__u64 word = find_live_word(&change->flow->place, change->now,
				    change->idle * NANOSECONDS_PER_SECOND);
	__u32 known = word_backend(word);

	if (!word)
		return KATRAN_NO_BACKEND;
	/* a connection that reuses the ports of an old one is a new one */
	if (begins(change) && known != current) {
		if (current == KATRAN_NO_BACKEND)
			return KATRAN_NO_BACKEND;
		if (find_backend(current) && insert_in_change(change, current))
			return current;
	}
	if (migrates(change, known))
		return KATRAN_NO_BACKEND;
	use_current_word(word, change->now, begins(change));
	return known;
}

/* Counts a flow that found no place in the flow table. Its window is then extended. */
static __always_inline void count_limited_change(void)
{
	count_event(KATRAN_FLOWS_LIMITED);
	count_event(KATRAN_CHANGES_LIMITED);
}

/*
 * Chooses the backend of a flow that is not in the flow table. While the slot is changing, the flow
 * is also inserted. What begins goes to the current backend. Any other packet belongs to a flow
 * that is older than the change and stays on the previous backend, unless it leaves that because it
 * is down. RSTs and ICMP errors are never inserted.
 *
 * What begins and finds no place in the flow table goes to the previous backend, because that is
 * where its next packet will go.
 */
static __always_inline __u32 place_in_change(const struct change *change)
{
	__u32 current = change->word & KATRAN_SLOT_BACKEND;
	__u32 place = current;

	if (!(change->word & KATRAN_SLOT_CHANGING))
		return current;
	if (!begins(change)) {
		if (!migrates(change, change->previous))
			place = change->previous;
		if (change->is_rst || change->traits & CHANGE_ICMP_ERROR)
			return place;
	}
	if (!find_backend(place) || insert_in_change(change, place))
		return place;
	count_limited_change();
	return begins(change) ? change->previous : place;
}

/*
 * Chooses the backend of the packet whose flow is in `current_flow`. `word` is the slot's word,
 * with enum change_trait in the upper half; the other arguments are as in struct change. Returns
 * the backend's number, with CHANGE_MISSED on a flow table miss. Global: see the top of this file.
 * Linux before 6.8 checks it even if it is never called.
 */
__noinline __u32 choose_in_change(struct xdp_md *ctx, __u32 idle, __u64 word, __u32 previous)
{
	struct change change = {
		.flow = find_current_flow(),
		.idle = idle,
		.word = word,
		.previous = previous,
		.traits = word >> 32,
	};
	__u32 backend;

	if (!(config.features & KATRAN_USES_CHANGES) || !change.flow)
		return KATRAN_NO_BACKEND;
	change.now = bpf_ktime_get_ns();
	read_tcp_flags(ctx, &change);
	count_event(KATRAN_FLOW_LOOKUPS);
	backend = lookup_in_change(&change);
	if (backend != KATRAN_NO_BACKEND)
		return backend;
	count_miss(change.flow->key.flow.protocol, change.is_syn);
	return place_in_change(&change) | CHANGE_MISSED;
}

#endif
