/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The new headers, and out. */
#ifndef KATRAN_ENCAP_H
#define KATRAN_ENCAP_H

#include "gue.h"
#include "ipip.h"

/*
 * Wraps the packet for its backend. NEXT leaves a frame that is ready to go, DROP one without
 * headroom.
 */
static __always_inline int encapsulate(struct xdp_md *ctx, const struct packet *packet,
				       const struct katran_backend *backend)
{
	__u16 inner_length = packet->bytes;
	struct mac mac;

	if (packet->flow.family == KATRAN_IPV6)
		inner_length += sizeof(struct ipv6hdr);

	if (uses(packet, KATRAN_USES_GUE) && packet->backend_flags & KATRAN_BACKEND_GUE)
		return backend->family == KATRAN_IPV4
			       ? gue_in_ipv4(ctx, packet, backend, inner_length, &mac)
			       : gue_in_ipv6(ctx, packet, backend, inner_length, &mac);
	return backend->family == KATRAN_IPV4
		       ? ipip_in_ipv4(ctx, packet, backend, inner_length, &mac)
		       : ipip_in_ipv6(ctx, packet, backend, inner_length, &mac);
}

/* Sends the frame towards its backend, out of the interface that leads there. */
static __always_inline int send(const struct packet *packet, const struct katran_backend *backend)
{
	if (packet->backend_flags & KATRAN_BACKEND_REDIRECT)
		return bpf_redirect(backend->egress_ifindex, 0);
	return XDP_TX;
}

#endif
