/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Routes packets in slots whose backend has changed: open flows stay on their backend, new flows
 * use the new one.
 *
 * The function that does this is global: the verifier checks it once, for any arguments, and not
 * again for each state that a packet may be in.
 */
#ifndef KATRAN_CHANGE_H
#define KATRAN_CHANGE_H

#include "down.h"
#include "flow.h"
#include "ring.h"

/*
 * When each VIP's changes end by themselves, indexed by the VIP's number: a reading of the clock of
 * current_time(), or 0 for never. The control plane, which writes it through a memory mapping,
 * settles the slots before that, unless it is gone. The program only reads it; see ring.h.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, __u64);
} change_deadlines SEC(".maps");

/* Set in the result, beside the backend's number. */
enum change_result {
	CHANGE_MISSED = 1u << 31,     /* the flow is not in the flow table */
	CHANGE_INSERTS = 1u << 30,    /* the flow is to be inserted, with this backend */
	CHANGE_INSERTS_BEGUN = 1u << 29, /* and the packet opens a connection */
};

/* A packet in a slot that is not stable. Its flow is the current one. */
struct change {
	__u64 now;
	__u32 idle;	    /* seconds until an unused entry expires */
	__u32 word;	    /* the slot's word in the ring */
	__u32 previous;	    /* the slot's previous backend, if it is changing */
	__u32 traits;	    /* enum change_trait */
};

enum change_trait {
	CHANGE_BEGINS = 1 << 0,	  /* a packet that opens a connection: SYN without ACK, QUIC Initial */
	CHANGE_NO_ENTRY = 1 << 1, /* a RST, or an ICMP error: never inserted */
	CHANGE_MIGRATES = 1 << 2, /* flows of this VIP leave backends that are down */
};

static __always_inline bool begins(const struct change *change)
{
	return change->traits & CHANGE_BEGINS;
}

/* Returns the result for a flow that is to be inserted with a backend. */
static __always_inline __u32 inserted(const struct change *change, __u32 backend)
{
	return backend | CHANGE_INSERTS | (begins(change) ? CHANGE_INSERTS_BEGUN : 0);
}

/* Returns the traits that a TCP header gives. It was there when the packet was parsed. */
static __always_inline __u32 tcp_traits(struct xdp_md *ctx, const struct katran_flow *flow)
{
	struct tcphdr *tcp = transport_header(ctx, flow->family);

	if (flow->protocol != IPPROTO_TCP || (void *)(tcp + 1) > packet_end(ctx))
		return 0;
	return (tcp->syn && !tcp->ack ? CHANGE_BEGINS : 0) | (tcp->rst ? CHANGE_NO_ENTRY : 0);
}

/* Returns whether the flow leaves this backend because it is down. Counts the migration. */
static __always_inline bool migrates(const struct change *change, __u32 backend)
{
	const struct placed_flow *flow = find_current_flow();

	if (!(config.vip_flags & KATRAN_VIP_UDP_FLOW_MIGRATION) ||
	    !(change->traits & CHANGE_MIGRATES) || !flow || !is_down(flow->key.vip, backend))
		return false;
	count_event(KATRAN_UDP_MIGRATIONS);
	return true;
}

/*
 * Returns the backend of a flow that has a live entry. Returns KATRAN_NO_BACKEND if it leaves its
 * backend, or begins where the slot has no backend.
 */
static __always_inline __u32 keep_in_change(const struct change *change, __u64 entry)
{
	__u32 current = change->word & KATRAN_SLOT_BACKEND;
	__u32 known = word_backend(entry);

	/* a connection that reuses the ports of an old one is a new one */
	if (begins(change) && known != current) {
		if (current == KATRAN_NO_BACKEND)
			return KATRAN_NO_BACKEND;
		if (find_backend(current))
			return inserted(change, current);
	}
	if (migrates(change, known))
		return KATRAN_NO_BACKEND;
	use_current_word(entry, change->now, begins(change));
	return known;
}

/* Returns whether the deadline of a VIP's changes has passed. */
static __always_inline bool has_ended(const __u32 *vip, __u64 now)
{
	const volatile __u64 *deadline = bpf_map_lookup_elem(&change_deadlines, vip);

	return deadline && *deadline - 1 < now; /* 0 becomes the latest time */
}

/*
 * Chooses the backend of a flow that is not in the flow table. While the slot is changing, the flow
 * is also inserted. What begins goes to the current backend. Any other packet belongs to a flow
 * that is older than the change and stays on the previous backend, unless it leaves that because it
 * is down. RSTs and ICMP errors are never inserted. When the change has ended, the slot is like a
 * settled one.
 */
static __always_inline __u32 place_in_change(const struct change *change, const __u32 *vip)
{
	__u32 current = change->word & KATRAN_SLOT_BACKEND;
	__u32 place = current;

	if (!(change->word & KATRAN_SLOT_CHANGING) || has_ended(vip, change->now))
		return current;
	if (!begins(change)) {
		if (!migrates(change, change->previous))
			place = change->previous;
		if (change->traits & CHANGE_NO_ENTRY)
			return place;
	}
	return find_backend(place) ? inserted(change, place) : place;
}

/*
 * Decides what choose_in_change() does. A function of its own, because it calls some that take
 * stack, and so does the insertion. Linux before 6.8 checks global functions even if they are never
 * called.
 */
__noinline __u32 decide_in_change(struct xdp_md *ctx, __u32 idle, __u64 word, __u32 previous,
				  __u64 now)
{
	struct change change = {
		.now = now,
		.idle = idle,
		.word = word,
		.previous = previous,
		.traits = word >> 32,
	};
	const struct placed_flow *flow = find_current_flow();
	__u32 backend;
	__u64 entry;

	if (!(config.features & KATRAN_USES_CHANGES) || !flow)
		return KATRAN_NO_BACKEND;
	if (!(change.traits & (CHANGE_NO_ENTRY | CHANGE_BEGINS)))
		change.traits |= tcp_traits(ctx, &flow->key.flow);
	entry = find_live_word(flow->place.tag, flow->place.bucket, now,
			       idle * NANOSECONDS_PER_SECOND);
	if (entry) {
		backend = keep_in_change(&change, entry);
		if (backend != KATRAN_NO_BACKEND)
			return backend;
	}
	count_miss(flow->key.flow.protocol,
		   begins(&change) && flow->key.flow.protocol == IPPROTO_TCP);
	return place_in_change(&change, &flow->key.vip) | CHANGE_MISSED;
}

/*
 * Chooses the backend of a packet whose flow is the current one. `word` is the slot's word, with
 * enum change_trait in the upper half, except what the TCP header tells. Returns the backend's
 * number, with CHANGE_MISSED if the flow table does not have it.
 *
 * No entry that is in use makes room for the flow: its own flow might lose its backend. What begins
 * and finds no place goes to the previous backend, because that is where its next packet will go.
 */
__noinline __u32 choose_in_change(struct xdp_md *ctx, __u32 idle, __u64 word, __u32 previous,
				  __u64 now)
{
	__u32 result = decide_in_change(ctx, idle, word, previous, now);

	if (!(result & CHANGE_INSERTS) ||
	    insert_current_flow(result & KATRAN_SLOT_BACKEND, now, idle * NANOSECONDS_PER_SECOND,
				result & CHANGE_INSERTS_BEGUN))
		return result;
	count_event(KATRAN_CHANGES_LIMITED); /* the window is then extended */
	return result & CHANGE_INSERTS_BEGUN ? previous | CHANGE_MISSED : result;
}

#endif
