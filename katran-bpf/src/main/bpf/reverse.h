/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way back from backends that packets are rewritten to. */
#ifndef KATRAN_REVERSE_H
#define KATRAN_REVERSE_H

#include "table.h"

/* The sources that answer for a VIP. The values are VIP numbers, and 0 is one. */
TABLE(reverse, BPF_MAP_TYPE_HASH, sizeof(struct katran_reverse_key));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, struct katran_vip_address);
} vip_addresses SEC(".maps");

#endif
