/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balancer without its choice: each packet is parsed and encapsulated as the balancer does it,
 * but for one backend that is known when this is compiled. No VIP, no ring, no table, no counter.
 */
#include "../../../../../katran-bpf/src/main/bpf/encap.h"
#include "../../../../../katran-bpf/src/main/bpf/parse.h"

/* What the packets go to: an address of their own family. */
static __always_inline void set_backend(struct katran_backend *backend, __u8 family)
{
	backend->family = family;
	if (family == KATRAN_IPV4) {
		set_ipv4(&backend->address, bpf_htonl(0x0a00000b)); /* 10.0.0.11 */
	} else {
		backend->address.words[0] = bpf_htonl(0xfc000000); /* fc00::11 */
		backend->address.words[3] = bpf_htonl(0x11);
	}
	backend->destination_mac[0] = 0x02;
	backend->destination_mac[5] = 0x01;
}

/* Reads the packet's headers; false if it is not one of a flow. */
static __always_inline bool parse_flow(struct xdp_md *ctx, struct packet *packet)
{
	return parse(ctx, packet) == NEXT && !packet->is_echo && !packet->is_icmp;
}

SEC("xdp")
int bare_ipip(struct xdp_md *ctx)
{
	struct packet packet = {.is_plain = true};
	struct katran_backend backend = {};

	if (!parse_flow(ctx, &packet))
		return XDP_PASS;
	set_backend(&backend, packet.flow.family);
	return encapsulate(ctx, &packet, &backend) == NEXT ? XDP_TX : XDP_DROP;
}

SEC("xdp")
int bare_gue(struct xdp_md *ctx)
{
	struct packet packet = {.is_plain = true};
	struct katran_backend backend = {};
	struct mac mac;
	int answer;

	if (!parse_flow(ctx, &packet))
		return XDP_PASS;
	set_backend(&backend, packet.flow.family);
	if (packet.flow.family == KATRAN_IPV4)
		answer = gue_in_ipv4(ctx, &packet, &backend, packet.bytes, &mac);
	else
		answer = gue_in_ipv6(ctx, &packet, &backend,
				     packet.bytes + sizeof(struct ipv6hdr), &mac);
	return answer == NEXT ? XDP_TX : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
