/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which backend a packet goes to. */
#ifndef KATRAN_CHOOSE_H
#define KATRAN_CHOOSE_H

#include "ring.h"

/*
 * What of a flow is hashed, as its VIP wants it. Where the destination port alone counts, the flow
 * itself loses its source address, so that the outer header does not tell its clients apart either.
 */
static __always_inline struct flow hashed_flow(const struct katran_vip *vip, struct flow *flow)
{
	struct flow hashed;

	if (!(vip->flags & KATRAN_VIP_HASH_DESTINATION_PORT_ONLY))
		return *flow;
	__builtin_memset(&flow->source, 0, sizeof(flow->source));
	hashed = *flow;
	hashed.source_port = flow->destination_port;
	return hashed;
}

/*
 * The backend of this packet, the same for every packet of the flow on every balancer that has
 * the same rings; its number goes to `number`, its flags to `packet`. NULL: nobody serves this
 * VIP, or the backend's next hop is not known.
 */
static __always_inline struct katran_backend *
choose(const struct katran_vip *vip, struct packet *packet,
       const volatile struct katran_balancer_config *config, __u32 *number)
{
	struct flow hashed = hashed_flow(vip, &packet->flow);
	__u32 hash = hash_flow(&hashed, config->hash_seed_v4, config->hash_seed_v6);
	struct katran_backend *backend;

	*number = ring_backend(vip->number, hash % config->ring_size);
	if (*number == KATRAN_NO_BACKEND)
		return NULL;
	backend = bpf_map_lookup_elem(&backends, number);
	if (!backend)
		return NULL;
	packet->backend_flags = *(const volatile __u8 *)&backend->flags;
	return packet->backend_flags & KATRAN_BACKEND_RESOLVED ? backend : NULL;
}

#endif
