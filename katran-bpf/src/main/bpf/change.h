/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Slots whose backend has changed: open flows stay where they are, and new ones do not.
 *
 * Few packets come this way. It stands apart, in a function of its own with copies of what it
 * needs, so that all others pay for one comparison and nothing else.
 */
#ifndef KATRAN_CHANGE_H
#define KATRAN_CHANGE_H

#include "down.h"
#include "flow.h"
#include "ring.h"

/* In the answer, besides the backend's number: the flow table did not know the flow. */
#define CHANGE_MISSED (1u << 31)

/* A packet in a slot that is not stable. */
struct change {
	struct katran_flow flow;
	__u64 now;
	__u32 vip;
	__u32 idle; /* seconds after which an entry counts no more */
	__u32 slot;
	__u32 word;	 /* what the ring says of the slot */
	bool is_icmp;	 /* an ICMP error about the flow */
	bool is_syn;
	bool is_rst;
	bool loses_down; /* the VIP's flows leave backends that are down */
};

/* Reads the flags of a TCP header, which is there: it has been parsed before. */
static __always_inline void read_tcp_flags(struct xdp_md *ctx, struct change *change)
{
	struct tcphdr *tcp = transport_header(ctx, change->flow.family);

	if (change->flow.protocol != IPPROTO_TCP || change->is_icmp ||
	    (void *)(tcp + 1) > packet_end(ctx))
		return;
	change->is_syn = tcp->syn;
	change->is_rst = tcp->rst;
}

/* Where the flow's entry says; KATRAN_NO_BACKEND if there is none that counts. */
static __always_inline __u32 recall_in_change(const struct change *change, void *table)
{
	struct katran_flow_entry *entry = find_flow(table, &change->flow, change->now,
						    change->idle * NANOSECONDS_PER_SECOND);

	if (!entry)
		return KATRAN_NO_BACKEND;
	if (config.vip_flags & KATRAN_VIP_UDP_FLOW_MIGRATION && change->loses_down &&
	    is_down(change->vip, entry->backend)) {
		count_event(KATRAN_UDP_MIGRATIONS);
		return KATRAN_NO_BACKEND;
	}
	entry->last_used = change->now;
	return entry->backend;
}

/*
 * Where a flow goes that the table does not know. While the slot is changing it is entered: a new
 * one, whose first packet says so, at the current backend; any other is taken for an old one, at
 * the previous backend. What is beyond the budgets is not entered: a SYN that is not goes to the
 * previous backend, so that the flow's next packet finds it there.
 */
static __always_inline __u32 place_in_change(const struct change *change, void *table)
{
	__u32 current = change->word & KATRAN_SLOT_BACKEND;
	__u32 previous;

	if (!(change->word & KATRAN_SLOT_CHANGING))
		return current;
	if (change->is_syn && has_budget(KATRAN_CHANGE_SYNS, change->now, config.change_window,
					 config.change_syns)) {
		if (find_backend(current))
			enter_flow(table, &change->flow, change->vip, current, change->now);
		return current;
	}
	previous = previous_backend(change->vip, change->slot);
	if (change->is_syn || change->is_rst || change->is_icmp)
		return previous;
	if (find_backend(previous) && has_budget(KATRAN_CHANGE_OTHERS, change->now,
						 config.change_window, config.change_others))
		enter_flow(table, &change->flow, change->vip, previous, change->now);
	return previous;
}

/* The backend of the packet, and CHANGE_MISSED. Not inline, see above. */
static __noinline __u32 choose_in_change(struct xdp_md *ctx, struct change *change)
{
	void *table = flow_table();
	__u32 backend;

	change->now = bpf_ktime_get_ns();
	read_tcp_flags(ctx, change);
	count_event(KATRAN_FLOW_LOOKUPS);
	backend = recall_in_change(change, table);
	if (backend != KATRAN_NO_BACKEND)
		return backend;
	count_miss(change->flow.protocol, change->is_syn);
	return place_in_change(change, table) | CHANGE_MISSED;
}

#endif
