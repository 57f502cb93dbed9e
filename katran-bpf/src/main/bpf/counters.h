/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters that user space reads through a memory mapping, without a system call. */
#ifndef KATRAN_COUNTERS_H
#define KATRAN_COUNTERS_H

#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load; see katran.h */
	__type(key, __u32);
	__type(value, struct katran_counter);
} counters SEC(".maps");

/* Returns this CPU's counter. It has a single writer: XDP programs run with softirqs disabled. */
static __always_inline struct katran_counter *find_counter(__u32 counter, __u32 counters_per_cpu)
{
	__u32 index = bpf_get_smp_processor_id() * counters_per_cpu + counter;

	return bpf_map_lookup_elem(&counters, &index);
}

static __always_inline void add_packet(struct katran_counter *counter, __u64 bytes)
{
	counter->packets++;
	counter->bytes += bytes;
}

/* Adds one packet of `bytes` to this CPU's counter. */
static __always_inline void count(__u32 counter, __u32 counters_per_cpu, __u64 bytes)
{
	struct katran_counter *value = find_counter(counter, counters_per_cpu);

	if (value)
		add_packet(value, bytes);
}

#endif
