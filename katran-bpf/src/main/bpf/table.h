/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tables that are replaced as a whole: a one-slot map of maps. A packet sees either the old or the
 * new table, never a mix.
 */
#ifndef KATRAN_TABLE_H
#define KATRAN_TABLE_H

#include "packet.h"

#define TABLE(name, map_type, size_of_key)                                                       \
	struct {                                                                                 \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                        \
		__uint(max_entries, 1);                                                          \
		__type(key, __u32);                                                              \
		__array(values, struct {                                                         \
			__uint(type, map_type);                                                  \
			__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);                \
			__uint(max_entries, 1); /* set at load */                                \
			__uint(key_size, size_of_key);                                           \
			__uint(value_size, sizeof(__u32));                                       \
		});                                                                              \
	} name SEC(".maps")

/* Looks up the number stored for `key` in the current table. Returns 0 if there is none. */
static __always_inline __u32 table_lookup(void *table, const void *key)
{
	const __u32 slot = 0;
	void *current = bpf_map_lookup_elem(table, &slot);
	__u32 *number;

	if (!current)
		return 0;
	number = bpf_map_lookup_elem(current, key);
	return number ? *number : 0;
}

#endif
