/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decapsulates on backend hosts before the host's stack sees the packet, so that no tunnel
 * interface is needed. Passes all other packets unchanged.
 */
#include "counters.h"
#include "decap.h"

const volatile struct katran_decap_config config SEC(".rodata.config") = {};

/* Outer destinations to decapsulate. Only created and used with config.only_listed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct katran_address);
	__type(value, __u8);
} destinations SEC(".maps");

static __always_inline bool is_for_us(const struct katran_address *destination)
{
	return !config.only_listed || bpf_map_lookup_elem(&destinations, destination);
}

/* Parses the outer headers. Returns false unless the packet is in a tunnel that ends here. */
static __always_inline bool parse_outer(struct xdp_md *ctx, struct tunnel *tunnel)
{
	struct katran_address destination;
	void *end = packet_end(ctx);
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > end)
		return false;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end || ip->ihl != 5 || ip->frag_off & IPV4_ANY_FRAGMENT)
			return false;
		tunnel->header_length = sizeof(*ip);
		set_ipv4(&destination, ip->daddr);
		return parse_tunnel(ip->protocol, ip + 1, end, config.gue_port, false, tunnel) &&
		       is_for_us(&destination);
	}
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end)
			return false;
		tunnel->header_length = sizeof(*ip);
		set_ipv6(&destination, &ip->daddr);
		return parse_tunnel(ip->nexthdr, ip + 1, end, config.gue_port, true, tunnel) &&
		       is_for_us(&destination);
	}
	return false;
}

static __always_inline int pass(struct xdp_md *ctx)
{
	count(KATRAN_DECAP_PASS, KATRAN_DECAP_COUNTERS, frame_length(ctx));
	return XDP_PASS;
}

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	struct tunnel tunnel = {};
	__u32 offset;
	int bytes;

	if (!parse_outer(ctx, &tunnel))
		return pass(ctx);
	/* header_length is one of four small values; the mask bounds it for the verifier */
	offset = sizeof(struct ethhdr) + (tunnel.header_length & 0x3f);
	bytes = inner_bytes(packet_data(ctx) + offset, packet_end(ctx), tunnel.inner_type);
	if (bytes < 0)
		return pass(ctx);
	if (!pop_header(ctx, tunnel.header_length, tunnel.inner_type))
		return pass(ctx);
	count(tunnel.counter, KATRAN_DECAP_COUNTERS, bytes);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
