/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which VIP a packet is for. */
#ifndef KATRAN_VIP_H
#define KATRAN_VIP_H

#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_vip_key);
	__type(value, struct katran_vip);
} vips SEC(".maps");

static __always_inline struct katran_vip *lookup_vip(const struct flow *flow, __be16 port)
{
	struct katran_vip_key key = {
		.address = flow->destination,
		.port = port,
		.protocol = flow->protocol,
		.family = flow->family,
	};

	return bpf_map_lookup_elem(&vips, &key);
}

/*
 * The VIP of the flow's destination, one with that port before one with every port; NULL where
 * there is none. Brings the flow's ports into the form in which this VIP hashes them.
 */
static __always_inline struct katran_vip *find_vip(struct flow *flow)
{
	struct katran_vip *vip = lookup_vip(flow, flow->destination_port);

	if (!vip) {
		vip = lookup_vip(flow, 0);
		if (!vip)
			return NULL;
		if (!(vip->flags &
		      (KATRAN_VIP_HASH_DESTINATION_PORT_ONLY | KATRAN_VIP_HASH_BOTH_PORTS)))
			flow->destination_port = 0;
	}
	if (vip->flags & KATRAN_VIP_HASH_NO_SOURCE_PORT)
		flow->source_port = 0;
	return vip;
}

#endif
