/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts flow table misses per backend, for watched VIPs. */
#ifndef KATRAN_WATCH_H
#define KATRAN_WATCH_H

#include "config.h"

/* The entry of backend b on CPU n is at n * backend_numbers + b. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, struct katran_counter);
} watched SEC(".maps");

static __always_inline void count_watched_miss(__u32 backend, __u64 bytes)
{
	__u32 index = bpf_get_smp_processor_id() * config.backend_numbers + backend;
	struct katran_counter *value = bpf_map_lookup_elem(&watched, &index);

	if (!value)
		return;
	value->packets++;
	value->bytes += bytes;
}

#endif
