/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a frame and determines its flow. */
#ifndef KATRAN_PARSE_H
#define KATRAN_PARSE_H

#include "config.h"
#include "icmp.h"
#include "packet.h"

#define IPV6_MIN_MTU 1280 /* RFC 8200 */

/*
 * Reads the ports, and the TCP flags if a feature needs them. Requires a complete fixed TCP or UDP
 * header. Returns XDP_DROP for a truncated header and XDP_PASS for other protocols.
 */
static __always_inline int parse_transport(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct tcphdr *tcp = transport;
	struct udphdr *udp = transport; /* TCP's ports are at the same offsets */
	__u32 needed;

	if (flow->protocol == IPPROTO_TCP)
		needed = sizeof(struct tcphdr);
	else if (flow->protocol == IPPROTO_UDP)
		needed = sizeof(struct udphdr);
	else
		return XDP_PASS;
	if (transport + needed > end || (void *)(udp + 1) > end)
		return XDP_DROP;
	flow->source_port = udp->source;
	flow->destination_port = udp->dest;
	if (any_vip_has(packet, KATRAN_VIP_TRACKED) ||
	    uses(packet, KATRAN_USES_TCP_SERVER_IDS)) {
		if (flow->protocol == IPPROTO_TCP && (void *)(tcp + 1) <= end) {
			packet->is_syn = tcp->syn;
			packet->is_rst = tcp->rst;
		}
	}
	return NEXT;
}

/*
 * Reads the ports of the packet quoted in an ICMP error. A backend sent that packet, so source and
 * destination are swapped. Eight bytes of it suffice (RFC 792).
 */
static __always_inline int parse_quoted_transport(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct udphdr *udp = transport;

	packet->is_icmp_error = true;
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return XDP_PASS;
	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	flow->source_port = udp->dest;
	flow->destination_port = udp->source;
	return NEXT;
}

/* Counts a router's report of a path MTU: RFC 1191, RFC 8201. */
static __always_inline void count_too_big(__u32 seen, __u32 small, __u32 mtu)
{
	count_event(seen);
	if (mtu < IPV6_MIN_MTU)
		count_event(small);
}

static __always_inline int parse_icmp(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct icmp_header *icmp = transport;
	struct iphdr *quoted = (void *)(icmp + 1);

	if ((void *)(icmp + 1) > end)
		return XDP_DROP;
	if (icmp->type == ICMP_ECHO_REQUEST) {
		packet->is_echo = true;
		return NEXT;
	}
	if (icmp->type != ICMP_UNREACHABLE)
		return XDP_PASS;
	if (icmp->code == ICMP_FRAGMENTATION_NEEDED)
		count_too_big(KATRAN_PTB_V4, KATRAN_PTB_V4_SMALL, bpf_ntohl(icmp->rest) & 0xffff);
	if ((void *)(quoted + 1) > end || quoted->ihl != 5)
		return XDP_DROP;
	flow->protocol = quoted->protocol;
	set_ipv4(&flow->source, quoted->daddr);
	set_ipv4(&flow->destination, quoted->saddr);
	return parse_quoted_transport(quoted + 1, end, packet);
}

static __always_inline int parse_icmpv6(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct icmp_header *icmp = transport;
	struct ipv6hdr *quoted = (void *)(icmp + 1);

	if ((void *)(icmp + 1) > end)
		return XDP_DROP;
	if (icmp->type == ICMPV6_ECHO_REQUEST) {
		packet->is_echo = true;
		return NEXT;
	}
	if (icmp->type != ICMPV6_UNREACHABLE && icmp->type != ICMPV6_PACKET_TOO_BIG)
		return XDP_PASS;
	if (icmp->type == ICMPV6_PACKET_TOO_BIG)
		count_too_big(KATRAN_PTB_V6, KATRAN_PTB_V6_SMALL, bpf_ntohl(icmp->rest));
	if ((void *)(quoted + 1) > end)
		return XDP_DROP;
	flow->protocol = quoted->nexthdr;
	set_ipv6(&flow->source, &quoted->daddr);
	set_ipv6(&flow->destination, &quoted->saddr);
	return parse_quoted_transport(quoted + 1, end, packet);
}

static __always_inline int parse_ipv4(void *network, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct iphdr *ip = network;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (ip->ihl != 5 || ip->frag_off & IPV4_ANY_FRAGMENT)
		return XDP_DROP;
	packet->bytes = bpf_ntohs(ip->tot_len);
	packet->tos = ip->tos;
	flow->family = KATRAN_IPV4;
	flow->protocol = ip->protocol;
	set_ipv4(&flow->source, ip->saddr);
	set_ipv4(&flow->destination, ip->daddr);
	if (flow->protocol == IPPROTO_ICMP)
		return parse_icmp(ip + 1, end, packet);
	return parse_transport(ip + 1, end, packet);
}

static __always_inline int parse_ipv6(void *network, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct ipv6hdr *ip = network;

	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return XDP_DROP;
	packet->bytes = bpf_ntohs(ip->payload_len);
	packet->tos = bpf_ntohs(*(__be16 *)ip) >> 4;
	flow->family = KATRAN_IPV6;
	flow->protocol = ip->nexthdr;
	set_ipv6(&flow->source, &ip->saddr);
	set_ipv6(&flow->destination, &ip->daddr);
	if (flow->protocol == IPPROTO_ICMPV6)
		return parse_icmpv6(ip + 1, end, packet);
	return parse_transport(ip + 1, end, packet);
}

/*
 * Parses the frame's headers. NEXT: `packet` holds the frame's flow or, for an ICMP error, the flow
 * that the error refers to. XDP_PASS: not balanced. XDP_DROP: truncated, or has IP options or
 * fragments, which are unsupported.
 */
static __always_inline int parse(struct xdp_md *ctx, struct packet *packet)
{
	void *end = packet_end(ctx);
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(eth + 1, end, packet);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(eth + 1, end, packet);
	return XDP_PASS;
}

#endif
