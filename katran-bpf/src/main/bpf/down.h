/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Backends that are down, per VIP: flows leave them. */
#ifndef KATRAN_DOWN_H
#define KATRAN_DOWN_H

#include "table.h"

/* The backends that are down for a VIP. Presence of a key is what counts; the value is unused. */
TABLE(down, BPF_MAP_TYPE_HASH, sizeof(struct katran_down_key));

/* Returns whether the backend is down for the VIP. */
static __always_inline bool is_down(__u32 vip, __u32 backend)
{
	struct katran_down_key key = {
		.vip = vip,
		.backend = backend,
	};
	const __u32 slot = 0;
	void *current = bpf_map_lookup_elem(&down, &slot);

	return current && bpf_map_lookup_elem(current, &key);
}

#endif
