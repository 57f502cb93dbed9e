/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: where the flows of tracked VIPs went before. */
#ifndef KATRAN_FLOW_H
#define KATRAN_FLOW_H

#include "config.h"
#include "ring.h"

#define NANOSECONDS_PER_SECOND 1000000000ULL
#define NEVER ((__u64)1 << 62)

/* One table, in which a flow is found on whatever CPU its packets arrive; lists per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_flow);
	__type(value, struct katran_flow_entry);
} flows SEC(".maps");

/* For hosts that pin their queues: tables of the CPUs that forward. */
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

/* The table of this CPU; the one that all share where it has none. */
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
 * The flow's entry if it still counts: not that of a flow which has had no packets for longer than
 * `idle`, nor one that names a backend which is gone.
 */
static __always_inline struct katran_flow_entry *
find_flow(void *table, const struct katran_flow *flow, __u64 now, __u64 idle)
{
	const struct katran_flow key = *flow; /* so that clang need not keep the packet in memory */
	struct katran_flow_entry *entry = bpf_map_lookup_elem(table, &key);

	if (!entry || (__s64)(now - entry->last_used) > (__s64)idle)
		return NULL;
	return find_backend(entry->backend) ? entry : NULL;
}

/* How long an entry of a tracked VIP counts: for UDP a while, for TCP as long as it is there. */
static __always_inline __u64 tracked_idle(const struct katran_flow *flow)
{
	return flow->protocol == IPPROTO_UDP ? config.udp_idle : NEVER;
}

/*
 * Whether this CPU may enter one more flow in this period, of which it may enter `most`; `counter`
 * keeps the account.
 */
static __always_inline bool has_budget(__u32 counter, __u64 now, __u64 period, __u32 most)
{
	struct katran_counter *account = find_counter(counter, config.counters_per_cpu);

	if (!account)
		return false;
	if (now - account->bytes >= period) {
		account->bytes = now;
		account->packets = 0;
	}
	account->packets++;
	if (account->packets <= most)
		return true;
	count_event(KATRAN_FLOWS_LIMITED);
	return false;
}

static __always_inline bool has_new_flow_budget(__u64 now)
{
	return has_budget(KATRAN_NEW_FLOWS, now, NANOSECONDS_PER_SECOND,
			  config.new_flows_per_second);
}

static __always_inline void enter_flow(void *table, const struct katran_flow *flow, __u32 vip,
				       __u32 backend, __u64 now)
{
	const struct katran_flow key = *flow;
	const struct katran_flow_entry entry = {
		.backend = backend,
		.vip = vip,
		.last_used = now,
	};

	bpf_map_update_elem(table, &key, &entry, BPF_ANY);
}

/* Counts a packet whose flow the table does not know. */
static __always_inline void count_miss(__u8 protocol, bool is_syn)
{
	count_event(KATRAN_FLOW_MISSES);
	if (is_syn)
		count_event(KATRAN_FLOW_MISSES_SYN);
	else if (protocol == IPPROTO_TCP)
		count_event(KATRAN_FLOW_MISSES_TCP);
}

/* The backend that the flow went to before; KATRAN_NO_BACKEND if that is not known, and counted. */
static __always_inline __u32 recall_flow(struct packet *packet)
{
	struct katran_flow_entry *entry;
	__u64 now;

	count(KATRAN_FLOW_LOOKUPS, config.counters_per_cpu, 0);
	if (!packet->is_syn) {
		now = bpf_ktime_get_ns();
		entry = find_flow(flow_table(), &packet->flow, now,
				  tracked_idle(&packet->flow));
		if (entry) {
			entry->last_used = now;
			return entry->backend;
		}
	}
	packet->is_missed = true;
	count_miss(packet->flow.protocol, packet->is_syn);
	return KATRAN_NO_BACKEND;
}

/* What the flow table had to say of a backend that was chosen without asking it. */
enum agreement {
	MATCH,
	MISMATCH,
	ABSENT,
};

/* Brings the flow table in line with a backend that a server id chose. */
static __always_inline enum agreement align_flow(const struct packet *packet, __u32 backend)
{
	void *table = flow_table();
	__u64 now = bpf_ktime_get_ns();
	struct katran_flow_entry *entry = find_flow(table, &packet->flow, now,
						    tracked_idle(&packet->flow));

	if (!entry) {
		if (!packet->is_rst && has_new_flow_budget(now))
			enter_flow(table, &packet->flow, packet->vip, backend, now);
		return ABSENT;
	}
	entry->last_used = now;
	if (entry->backend == backend)
		return MATCH;
	entry->backend = backend;
	return MISMATCH;
}

#endif
