/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decapsulates on backend hosts before the host's stack sees the packet, so that no tunnel
 * interface is needed. Passes all other packets unchanged, among them those from unlisted senders
 * and for unlisted inner destinations: a tunnel open to all lets anyone send packets with any
 * source address into the network behind it (CVE-2020-10136).
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

/* A set of address prefixes. The values are unused. */
#define PREFIXES(name)                                                    \
	struct {                                                          \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);                      \
		__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG); \
		__uint(max_entries, 1); /* set at load */                 \
		__type(key, struct katran_decap_prefix_key);              \
		__type(value, __u8);                                      \
	} name SEC(".maps")

/* Outer sources to accept. Not created with config.any_source. */
PREFIXES(sources);

/* Destinations of inner packets to accept. Not created with config.any_inner. */
PREFIXES(inner_prefixes);

static __always_inline void set_key_v4(struct katran_decap_prefix_key *key, __be32 address)
{
	key->prefix_length = 8 * (sizeof(*key) - sizeof(key->prefix_length));
	key->family = KATRAN_IPV4;
	set_ipv4(&key->address, address);
}

static __always_inline void set_key_v6(struct katran_decap_prefix_key *key,
				       const struct in6_addr *address)
{
	key->prefix_length = 8 * (sizeof(*key) - sizeof(key->prefix_length));
	key->family = KATRAN_IPV6;
	set_ipv6(&key->address, address);
}

static __always_inline bool is_accepted_source(const struct katran_decap_prefix_key *source)
{
	return config.any_source || bpf_map_lookup_elem(&sources, source);
}

/* Returns whether the inner packet, whose header is complete, is for an accepted destination. */
static __always_inline bool is_accepted_inner(struct xdp_md *ctx, const struct tunnel *tunnel)
{
	void *inner = inner_header(ctx, tunnel);
	struct katran_decap_prefix_key destination;
	void *end = packet_end(ctx);

	if (config.any_inner)
		return true;
	if (tunnel->inner_type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = inner;

		if ((void *)(ip + 1) > end)
			return false;
		set_key_v4(&destination, ip->daddr);
	} else {
		struct ipv6hdr *ip = inner;

		if ((void *)(ip + 1) > end)
			return false;
		set_key_v6(&destination, &ip->daddr);
	}
	return bpf_map_lookup_elem(&inner_prefixes, &destination);
}

static __always_inline bool is_for_us(const struct katran_address *destination)
{
	return !config.only_listed || bpf_map_lookup_elem(&destinations, destination);
}

/*
 * Parses the outer headers into `tunnel` and `source`. Returns false unless the packet is in a
 * tunnel that ends here.
 */
static __always_inline bool parse_outer(struct xdp_md *ctx, struct tunnel *tunnel,
					struct katran_decap_prefix_key *source)
{
	__u32 available = frame_length(ctx) - ETH_HLEN;
	struct katran_address destination;
	void *end = packet_end(ctx);
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > end)
		return false;
	if (ethertype(eth) == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end || !is_well_formed_v4(ip, available) || ip->ihl != 5 ||
		    ip->frag_off & IPV4_ANY_FRAGMENT)
			return false;
		tunnel->header_length = sizeof(*ip);
		tunnel->payload = bpf_ntohs(ip->tot_len) - sizeof(*ip);
		tunnel->outer_tos = ip->tos;
		set_ipv4(&destination, ip->daddr);
		set_key_v4(source, ip->saddr);
		return parse_tunnel(ip->protocol, ip + 1, end, config.gue_port, false, tunnel) &&
		       is_for_us(&destination);
	}
	if (ethertype(eth) == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);

		if ((void *)(ip + 1) > end || !is_well_formed_v6(ip, available))
			return false;
		tunnel->header_length = sizeof(*ip);
		tunnel->payload = bpf_ntohs(ip->payload_len);
		tunnel->outer_tos = ipv6_traffic_class(ip);
		set_ipv6(&destination, &ip->daddr);
		set_key_v6(source, &ip->saddr);
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
	struct katran_decap_prefix_key source = {};
	struct tunnel tunnel = {};
	int bytes;

	if (!parse_outer(ctx, &tunnel, &source))
		return pass(ctx);
	bytes = inner_bytes(ctx, &tunnel);
	if (bytes < 0 || !is_accepted_source(&source) || !is_accepted_inner(ctx, &tunnel))
		return pass(ctx);
	if (!carry_ecn(ctx, &tunnel)) {
		count(KATRAN_DECAP_CONGESTED, KATRAN_DECAP_COUNTERS, bytes);
		return XDP_DROP;
	}
	if (!pop_header(ctx, tunnel.header_length, tunnel.inner_type))
		return pass(ctx);
	count(tunnel.counter, KATRAN_DECAP_COUNTERS, bytes);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
