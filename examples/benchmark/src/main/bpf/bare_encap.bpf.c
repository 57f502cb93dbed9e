/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parses and encapsulates packets exactly as the balancer does, but for a single backend that is a
 * compile-time constant: no VIP, ring, table or counter.
 */
#include "../../../../../katran-bpf/src/main/bpf/forward.h"
#include "../../../../../katran-bpf/src/main/bpf/parse.h"

/* Fills in the backend: an address of the packet's own family. */
static __always_inline void set_backend(struct katran_backend *backend, struct packet *packet)
{
	backend->family = packet->flow.family;
	if (backend->family == KATRAN_IPV4) {
		set_ipv4(&backend->address, bpf_htonl(0x0a00000b)); /* 10.0.0.11 */
	} else {
		backend->address.words[0] = bpf_htonl(0xfc000000); /* fc00::11 */
		backend->address.words[3] = bpf_htonl(0x11);
	}
	backend->destination_mac[0] = 0x02;
	backend->destination_mac[5] = 0x01;
	packet->backend_word = *(__u64 *)&backend->family;
}

/* Parses the packet. Returns false unless it belongs to a TCP or UDP flow. */
static __always_inline bool parse_flow(struct xdp_md *ctx, struct packet *packet)
{
	__be16 type;

	packet->frame = frame_length(ctx);
	if (parse_ethernet(ctx, packet, &type) != NEXT || parse_ip(ctx, packet, type) != NEXT)
		return false;
	read_client(packet);
	return true;
}

SEC("xdp")
int bare_ipip(struct xdp_md *ctx)
{
	struct packet packet = {.is_plain = true};
	struct katran_backend backend = {};

	if (!parse_flow(ctx, &packet))
		return XDP_PASS;
	set_backend(&backend, &packet);
	return encapsulate(ctx, &packet, &backend) == NEXT ? XDP_TX : XDP_DROP;
}

SEC("xdp")
int bare_gue(struct xdp_md *ctx)
{
	struct packet packet = {.is_plain = true};
	struct katran_backend backend = {};
	int answer;

	if (!parse_flow(ctx, &packet))
		return XDP_PASS;
	set_backend(&backend, &packet);
	if (packet.flow.family == KATRAN_IPV4)
		answer = gue_in_ipv4(ctx, &packet, &backend, packet.bytes);
	else
		answer = gue_in_ipv6(ctx, &packet, &backend,
				     packet.bytes + sizeof(struct ipv6hdr));
	return answer == NEXT ? XDP_TX : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
