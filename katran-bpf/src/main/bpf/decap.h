/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking off what a balancer put on. */
#ifndef KATRAN_DECAP_H
#define KATRAN_DECAP_H

#include "packet.h"

/* What stands in front of the inner packet. */
struct tunnel {
	__u32 header_length; /* of what is to be taken off, behind the Ethernet header */
	__be16 inner_type;   /* EtherType of what is then left */
	__u32 counter;	     /* enum katran_decap_counter */
};

/*
 * GUE of variant 1 (draft-ietf-intarea-gue): the inner header follows the UDP header directly,
 * and its version tells which it is. False: another variant, or not GUE.
 */
static __always_inline bool parse_gue(void *transport, void *end, __u32 port,
				      struct tunnel *tunnel)
{
	struct udphdr *udp = transport;
	__u8 *inner = (void *)(udp + 1);

	if (!port || (void *)(inner + 1) > end || udp->dest != bpf_htons(port))
		return false;
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

/* Looks behind an outer header whose payload is `protocol`. False: nothing of ours. */
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

/*
 * The length of the inner packet as it is counted (IPv4 total length, IPv6 payload length);
 * negative if there is no whole header of the version that the outer one promised.
 */
static __always_inline int inner_bytes(void *inner, void *end, __be16 type)
{
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = inner;

		if ((void *)(ip + 1) > end || ip->version != 4)
			return -1;
		return bpf_ntohs(ip->tot_len);
	} else {
		struct ipv6hdr *ip = inner;

		if ((void *)(ip + 1) > end || ip->version != 6)
			return -1;
		return bpf_ntohs(ip->payload_len);
	}
}

/*
 * Takes `length` bytes off behind the Ethernet header, which moves up and gets the EtherType
 * `type`. False: the frame cannot be shortened, and is as it was.
 */
static __always_inline bool pop_header(struct xdp_md *ctx, __u32 length, __be16 type)
{
	struct ethhdr *eth = packet_data(ctx);
	struct ethhdr copy;

	if ((void *)(eth + 1) > packet_end(ctx))
		return false;
	copy = *eth;
	copy.h_proto = type;
	if (bpf_xdp_adjust_head(ctx, (int)length))
		return false;
	eth = packet_data(ctx);
	if ((void *)(eth + 1) > packet_end(ctx))
		return false;
	*eth = copy;
	return true;
}

#endif
