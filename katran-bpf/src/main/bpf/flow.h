/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flows of tracked VIPs: remembers the backend of each in the flow table. */
#ifndef KATRAN_FLOW_H
#define KATRAN_FLOW_H

#include "budget.h"
#include "config.h"
#include "flow_table.h"

#define NEVER ((__u64)1 << 62)

/* How long an entry must be unused before a packet that begins nothing evicts it. */
#define TRACKED_PATIENCE (16 * NANOSECONDS_PER_SECOND)

/* Makes the packet's flow this CPU's current one. */
static __always_inline void track(const struct packet *packet)
{
	const struct katran_flow flow = packet->flow; /* a copy keeps the packet in registers */

	set_current_flow(&flow, packet->vip);
}

/* Returns the idle timeout of a tracked VIP's entry. TCP entries never expire. */
static __always_inline __u64 tracked_idle(const struct katran_flow *flow)
{
	return flow->protocol == IPPROTO_UDP ? config.udp_idle : NEVER;
}

/* Takes one insertion from this second's budget. Floods of SYNs leave that of other packets. */
static __always_inline bool has_new_flow_budget(__u64 now, bool begins)
{
	return has_budget(begins ? KATRAN_NEW_FLOWS : KATRAN_NEW_OTHERS, now, NANOSECONDS_PER_SECOND,
			  config.new_flows_per_second, KATRAN_FLOWS_LIMITED);
}

/* Counts a flow table miss. */
static __always_inline void count_miss(__u8 protocol, bool is_syn)
{
	count_event(KATRAN_FLOW_MISSES);
	if (is_syn)
		count_event(KATRAN_FLOW_MISSES_SYN);
	else if (protocol == IPPROTO_TCP)
		count_event(KATRAN_FLOW_MISSES_TCP);
}

/*
 * Looks up the backend of the current flow, of a tracked VIP, and counts the lookup. Counts a miss and returns
 * KATRAN_NO_BACKEND if the flow has no live entry. A SYN always misses.
 */
static __always_inline __u32 lookup_flow(struct packet *packet)
{
	count_own(packet, KATRAN_FLOW_LOOKUPS, 0);
	if (!packet->is_syn) {
		__u64 word = use_current_flow(current_time(), tracked_idle(&packet->flow),
					      KATRAN_NO_BACKEND);

		if (word)
			return word_backend(word);
	}
	packet->is_missed = true;
	count_miss(packet->flow.protocol, packet->is_syn);
	return KATRAN_NO_BACKEND;
}

/* Inserts the current flow, of a tracked VIP, or replaces its entry. */
static __always_inline void insert_tracked_flow(const struct packet *packet, __u32 backend,
						__u64 now)
{
	insert_current_flow(backend, now, packet->is_syn ? NEVER : TRACKED_PATIENCE,
			    packet->is_syn);
}

/* How the flow table compares with a backend that was chosen without it. */
enum agreement {
	MATCH,
	MISMATCH,
	ABSENT,
};

/* Reconciles the current flow's entry with a backend that was chosen by server id. */
static __always_inline enum agreement reconcile_flow(const struct packet *packet, __u32 backend)
{
	__u64 now = current_time();
	__u64 word = use_current_flow(now, tracked_idle(&packet->flow), backend);

	if (word && word_backend(word) == backend)
		return MATCH;
	if (word || (!packet->is_rst && !packet->is_icmp_error &&
		     has_new_flow_budget(now, packet->is_syn)))
		insert_tracked_flow(packet, backend, now);
	return word ? MISMATCH : ABSENT;
}

#endif
