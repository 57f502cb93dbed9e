/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parsing and removal of tunnel headers. */
#ifndef KATRAN_DECAP_H
#define KATRAN_DECAP_H

#include "ecn.h"
#include "lengths.h"
#include "packet.h"

/* The headers in front of the inner packet. */
struct tunnel {
	__u32 header_length; /* bytes to remove behind the Ethernet header */
	__be16 inner_type;   /* EtherType of the inner packet */
	__u8 outer_tos;	     /* IPv4 TOS or IPv6 traffic class of the outer packet */
	__u32 payload;	     /* bytes behind the tunnel's headers, as those state them */
	__u32 counter;	     /* enum katran_decap_counter */
};

/*
 * Parses GUE variant 1 (draft-ietf-intarea-gue): the inner IP header directly follows the UDP
 * header, and its version field identifies it. Returns false for other variants and other UDP
 * traffic.
 */
static __always_inline bool parse_gue(void *transport, void *end, __u32 port,
				      struct tunnel *tunnel)
{
	struct udphdr *udp = transport;
	__u8 *inner = (void *)(udp + 1);
	int payload;

	if (!port || (void *)(inner + 1) > end || udp->dest != bpf_htons(port))
		return false;
	payload = udp_payload(udp, tunnel->payload);
	if (payload < 1)
		return false;
	tunnel->payload = payload;
	if (*inner >> 4 == 4)
		tunnel->inner_type = bpf_htons(ETH_P_IP);
	else if (*inner >> 4 == 6)
		tunnel->inner_type = bpf_htons(ETH_P_IPV6);
	else
		return false;
	tunnel->header_length += sizeof(*udp);
	tunnel->counter = KATRAN_DECAP_GUE;
	return true;
}

/* Parses the payload of an outer IP header. Returns false unless it is a supported tunnel. */
static __always_inline bool parse_tunnel(__u8 protocol, void *payload, void *end, __u32 gue_port,
					 bool outer_ipv6, struct tunnel *tunnel)
{
	switch (protocol) {
	case IPPROTO_IPIP:
		tunnel->inner_type = bpf_htons(ETH_P_IP);
		tunnel->counter = outer_ipv6 ? KATRAN_DECAP_4IN6 : KATRAN_DECAP_IPIP;
		return true;
	case IPPROTO_IPV6:
		tunnel->inner_type = bpf_htons(ETH_P_IPV6);
		tunnel->counter = outer_ipv6 ? KATRAN_DECAP_6IN6 : KATRAN_DECAP_6IN4;
		return true;
	case IPPROTO_UDP:
		return parse_gue(payload, end, gue_port, tunnel);
	default:
		return false;
	}
}

static __always_inline void *inner_header(const struct xdp_md *ctx, const struct tunnel *tunnel)
{
	/* header_length is one of four small values; the mask bounds it for the verifier */
	return packet_data(ctx) + ETH_HLEN + (tunnel->header_length & 0x3f);
}

/*
 * Returns the length of the inner packet for its counter: IPv4 total length or IPv6 payload length.
 * Returns a negative value unless there is a complete header, of the version that the tunnel
 * announced, with lengths that fit into the tunnel's payload.
 */
static __always_inline int inner_bytes(struct xdp_md *ctx, const struct tunnel *tunnel)
{
	void *inner = inner_header(ctx, tunnel);
	void *end = packet_end(ctx);

	if (tunnel->inner_type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = inner;

		if ((void *)(ip + 1) > end || !is_well_formed_v4(ip, tunnel->payload))
			return -1;
		return bpf_ntohs(ip->tot_len);
	} else {
		struct ipv6hdr *ip = inner;

		if ((void *)(ip + 1) > end || !is_well_formed_v6(ip, tunnel->payload))
			return -1;
		return bpf_ntohs(ip->payload_len);
	}
}

/*
 * Carries the outer header's congestion mark into the inner header, before the outer one is
 * removed. Returns false if the packet must be dropped.
 */
static __always_inline bool carry_ecn(struct xdp_md *ctx, const struct tunnel *tunnel)
{
	void *inner = inner_header(ctx, tunnel);
	void *end = packet_end(ctx);

	if (tunnel->inner_type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = inner;

		return (void *)(ip + 1) <= end && carry_ecn_v4(ip, tunnel->outer_tos);
	} else {
		struct ipv6hdr *ip = inner;

		return (void *)(ip + 1) <= end && carry_ecn_v6(ip, tunnel->outer_tos);
	}
}

/*
 * Removes `length` bytes behind the Ethernet header, moves that header up and sets its EtherType to
 * `type`. Returns false and leaves the frame unchanged if it cannot be shortened.
 */
static __always_inline bool pop_header(struct xdp_md *ctx, __u32 length, __be16 type)
{
	struct ethhdr *eth = packet_data(ctx);
	struct ethhdr copy;

	if ((void *)(eth + 1) > packet_end(ctx))
		return false;
	copy = *eth;
	set_ethertype(&copy, type);
	if (bpf_xdp_adjust_head(ctx, (int)length))
		return false;
	eth = packet_data(ctx);
	if ((void *)(eth + 1) > packet_end(ctx))
		return false;
	*eth = copy;
	return true;
}

#endif
