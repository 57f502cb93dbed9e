/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: remembers the backend of tracked flows. */
#ifndef KATRAN_FLOW_H
#define KATRAN_FLOW_H

#include "budget.h"
#include "config.h"
#include "ring.h"

#define NEVER ((__u64)1 << 62)

/* The shared table: it finds a flow on any CPU, and keeps its LRU lists per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_flow);
	__type(value, struct katran_flow_entry);
} flows SEC(".maps");

/* Per-CPU tables of the forwarding CPUs, for hosts that pin their queues. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_LRU_HASH);
		__uint(max_entries, 1); /* set at load */
		__uint(key_size, sizeof(struct katran_flow));
		__uint(value_size, sizeof(struct katran_flow_entry));
	});
} cpu_flows SEC(".maps");

/* Returns this CPU's table, or the shared one if it has none. */
static __always_inline void *flow_table(void)
{
	__u32 cpu;
	void *own;

	if (!(config.features & KATRAN_USES_FLOWS_PER_CPU))
		return &flows;
	cpu = bpf_get_smp_processor_id();
	own = bpf_map_lookup_elem(&cpu_flows, &cpu);
	if (own)
		return own;
	count_event(KATRAN_FLOW_FALLBACK);
	return &flows;
}

/*
 * Returns the flow's live entry. An entry is stale if it was unused for longer than `idle` or if
 * its backend has been removed.
 */
static __always_inline struct katran_flow_entry *
find_live_entry(void *table, const struct katran_flow *flow, __u64 now, __u64 idle)
{
	struct katran_flow_entry *entry = bpf_map_lookup_elem(table, flow);

	if (!entry || (__s64)(now - entry->last_used) > (__s64)idle)
		return NULL;
	return find_backend(entry->backend) ? entry : NULL;
}

/* Returns the idle timeout of a tracked VIP's entry. TCP entries never expire. */
static __always_inline __u64 tracked_idle(const struct katran_flow *flow)
{
	return flow->protocol == IPPROTO_UDP ? config.udp_idle : NEVER;
}

static __always_inline bool has_new_flow_budget(__u64 now)
{
	return has_budget(KATRAN_NEW_FLOWS, now, NANOSECONDS_PER_SECOND,
			  config.new_flows_per_second, KATRAN_FLOWS_LIMITED);
}

static __always_inline void insert_flow(void *table, const struct katran_flow *flow, __u32 vip,
					__u32 backend, __u64 now)
{
	const struct katran_flow_entry entry = {
		.backend = backend,
		.vip = vip,
		.last_used = now,
	};

	bpf_map_update_elem(table, flow, &entry, BPF_ANY);
}

/*
 * Gives the flow's live entry another backend. It is written anew and not in place: the table may
 * meanwhile have evicted it and given its memory to another flow.
 */
static __always_inline void move_flow(void *table, const struct katran_flow *flow, __u32 vip,
				      __u32 backend, __u64 now)
{
	const struct katran_flow_entry entry = {
		.backend = backend,
		.vip = vip,
		.last_used = now,
	};

	bpf_map_update_elem(table, flow, &entry, BPF_EXIST);
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
 * Looks up the backend of a tracked flow and counts the lookup. Counts a miss and returns
 * KATRAN_NO_BACKEND if the flow has no live entry. A SYN always misses.
 */
static __always_inline __u32 lookup_flow(struct packet *packet)
{
	struct katran_flow_entry *entry;
	__u64 now;

	count(KATRAN_FLOW_LOOKUPS, config.counters_per_cpu, 0);
	if (!packet->is_syn) {
		/* a copy lets clang keep the packet in registers */
		const struct katran_flow key = packet->flow;

		now = bpf_ktime_get_ns();
		entry = find_live_entry(flow_table(), &key, now, tracked_idle(&key));
		if (entry) {
			entry->last_used = now;
			return entry->backend;
		}
	}
	packet->is_missed = true;
	count_miss(packet->flow.protocol, packet->is_syn);
	return KATRAN_NO_BACKEND;
}

/* How the flow table compares with a backend that was chosen without it. */
enum agreement {
	MATCH,
	MISMATCH,
	ABSENT,
};

/* Reconciles the flow's entry with a backend that was chosen by server id. */
static __always_inline enum agreement reconcile_flow(const struct packet *packet, __u32 backend)
{
	const struct katran_flow key = packet->flow; /* see lookup_flow() */
	void *table = flow_table();
	__u64 now = bpf_ktime_get_ns();
	struct katran_flow_entry *entry = find_live_entry(table, &key, now, tracked_idle(&key));

	if (!entry) {
		if (!packet->is_rst && !packet->is_icmp_error && has_new_flow_budget(now))
			insert_flow(table, &key, packet->vip, backend, now);
		return ABSENT;
	}
	if (entry->backend == backend) {
		entry->last_used = now;
		return MATCH;
	}
	move_flow(table, &key, packet->vip, backend, now);
	return MISMATCH;
}

#endif
