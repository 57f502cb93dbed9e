/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Backends that flows leave. */
#ifndef KATRAN_DOWN_H
#define KATRAN_DOWN_H

#include "table.h"

/* The backends that are down for a VIP: who is in the table is down, whatever the number says. */
TABLE(down, BPF_MAP_TYPE_HASH, sizeof(struct katran_down_key));

/* Whether the backend is down for the VIP, so that its flows leave it. */
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
