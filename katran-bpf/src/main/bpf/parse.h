/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a frame and determines its flow. */
#ifndef KATRAN_PARSE_H
#define KATRAN_PARSE_H

#include "config.h"
#include "lengths.h"
#include "packet.h"
#include "quote.h"

#define IPV4_DONT_FRAGMENT bpf_htons(0x4000)

/* Returns whether a feature needs the flags of TCP segments. */
static __always_inline bool needs_tcp_flags(const struct packet *packet)
{
	return any_vip_has(packet, KATRAN_VIP_TRACKED) || uses(packet, KATRAN_USES_TCP_SERVER_IDS);
}

/*
 * Reads the ports, and the TCP flags if a feature needs them. Refuses a packet without a complete
 * header. Passes other protocols than TCP and UDP.
 */
static __always_inline int parse_transport(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct tcphdr *tcp = transport;
	struct udphdr *udp = transport; /* TCP's ports are at the same offsets */

	if (flow->protocol == IPPROTO_TCP) {
		if ((void *)(tcp + 1) > end || !is_well_formed_tcp(tcp, packet->payload))
			return refuse(KATRAN_MALFORMED);
		if (needs_tcp_flags(packet)) {
			__u32 flags = ((const __u8 *)tcp)[13];

			barrier_var(flags); /* no branches for the verifier to follow */
			packet->is_syn = flags >> 1 & ~(flags >> 4) & 1;
			packet->is_rst = flags >> 2 & 1;
		}
	} else if (flow->protocol == IPPROTO_UDP) {
		if ((void *)(udp + 1) > end || udp_payload(udp, packet->payload) < 0)
			return refuse(KATRAN_MALFORMED);
	} else {
		return XDP_PASS;
	}
	flow->source_port = udp->source;
	flow->destination_port = udp->dest;
	return NEXT;
}

/* Drops a packet that its receiver would drop as well. */
static __always_inline int drop_malformed(void)
{
	count_event(KATRAN_MALFORMED);
	return XDP_DROP;
}

/* Takes the flow from the packet that an ICMP error quotes. */
static __always_inline void set_quoted_flow(struct packet *packet, const struct quote *quote)
{
	packet->is_icmp_error = true;
	packet->is_quoted_fragment = quote->is_fragment;
	packet->flow.source = quote->client;
	packet->flow.source_port = quote->client_port;
	packet->flow.destination_port = quote->vip_port;
	packet->flow.protocol = quote->protocol;
}

/* Parses the ICMP or ICMPv6 message of a packet for which parse_ip() returned MESSAGE. */
static __always_inline int parse_message(struct xdp_md *ctx, struct packet *packet)
{
	struct quote quote;
	int verdict = packet->flow.family == KATRAN_IPV6
			      ? read_icmpv6(ctx, packet->payload, &quote)
			      : read_icmp(ctx, packet->payload, &quote);

	if (verdict == NEXT)
		set_quoted_flow(packet, &quote);
	return verdict;
}

static __always_inline int parse_ipv4(void *network, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct iphdr *ip = network;

	if ((void *)(ip + 1) > end || !is_well_formed_v4(ip, packet->frame - ETH_HLEN))
		return drop_malformed();
	if (ip->ihl != 5)
		return refuse(KATRAN_IP_OPTIONS);
	if (ip->frag_off & IPV4_ANY_FRAGMENT)
		return refuse(KATRAN_FRAGMENTS);
	packet->bytes = bpf_ntohs(ip->tot_len);
	packet->payload = packet->bytes - sizeof(*ip);
	packet->tos = ip->tos;
	packet->dont_fragment = ip->frag_off & IPV4_DONT_FRAGMENT;
	flow->family = KATRAN_IPV4;
	flow->protocol = ip->protocol;
	set_ipv4(&flow->source, ip->saddr);
	set_ipv4(&flow->destination, ip->daddr);
	if (flow->protocol == IPPROTO_ICMP)
		return MESSAGE;
	return parse_transport(ip + 1, end, packet);
}

static __always_inline int parse_ipv6(void *network, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct ipv6hdr *ip = network;

	if ((void *)(ip + 1) > end || !is_well_formed_v6(ip, packet->frame - ETH_HLEN))
		return drop_malformed();
	if (ip->nexthdr == IPPROTO_FRAGMENT)
		return refuse(KATRAN_FRAGMENTS);
	packet->bytes = bpf_ntohs(ip->payload_len);
	packet->payload = packet->bytes;
	packet->tos = ipv6_traffic_class(ip);
	packet->dont_fragment = IPV4_DONT_FRAGMENT; /* routers never fragment IPv6 */
	flow->family = KATRAN_IPV6;
	flow->protocol = ip->nexthdr;
	set_ipv6(&flow->source, &ip->saddr);
	set_ipv6(&flow->destination, &ip->daddr);
	if (flow->protocol == IPPROTO_ICMPV6)
		return MESSAGE;
	return parse_transport(ip + 1, end, packet);
}

static __always_inline bool is_same_mac(__u64 mac, const volatile __u8 *other)
{
	return !((mac ^ *(const volatile __u64 *)other) << 16);
}

/*
 * Returns whether a frame is addressed to the interface that it arrived by: if not the first one,
 * one of `more_own`. The loop's bound is constant after load, for all that are not there.
 */
static __always_inline bool is_for_its_interface(const struct xdp_md *ctx, __u64 destination)
{
	__u32 ifindex = ctx->ingress_ifindex;

	if (ifindex == config.own_ifindex)
		return is_same_mac(destination, config.own_mac);
#pragma unroll
	for (int i = 0; i < KATRAN_MORE_INTERFACES; i++) {
		if (!config.more_own[i].ifindex)
			break;
		if (ifindex == config.more_own[i].ifindex)
			return is_same_mac(destination, config.more_own[i].mac);
	}
	return true;
}

/*
 * Returns whether a frame is addressed to this host alone. Others are the host's business, as Linux
 * treats PACKET_BROADCAST, PACKET_MULTICAST and PACKET_OTHERHOST. A test run has no interface, so
 * its frames may have any unicast destination.
 */
static __always_inline bool is_for_us(const struct xdp_md *ctx, __u64 destination,
				      const struct packet *packet)
{
	if (destination & 1) /* a group address */
		return false;
	if (uses(packet, KATRAN_USES_OWN_MAC) && uses(packet, KATRAN_USES_INTERFACES))
		return is_for_its_interface(ctx, destination);
	return !uses(packet, KATRAN_USES_OWN_MAC) || is_same_mac(destination, config.own_mac) ||
	       ctx->ingress_ifindex != config.own_ifindex;
}

/* Parses the Ethernet header. NEXT: `type` is the Ethertype. Any other result is a verdict. */
static __always_inline int parse_ethernet(struct xdp_md *ctx, struct packet *packet, __be16 *type)
{
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > packet_end(ctx))
		return XDP_DROP;
	packet->mac = read_mac(eth->h_dest);
	*type = ethertype(eth);
	return is_for_us(ctx, packet->mac, packet) ? NEXT : XDP_PASS;
}

/*
 * Parses the headers behind the Ethernet header. NEXT: `packet` holds the frame's flow. MESSAGE:
 * parse_message() must go on. From REFUSED on: it cannot be balanced. Any other result is a verdict.
 */
static __always_inline int parse_ip(struct xdp_md *ctx, struct packet *packet, __be16 type)
{
	void *network = packet_data(ctx) + ETH_HLEN;

	if (type == bpf_htons(ETH_P_IP))
		return parse_ipv4(network, packet_end(ctx), packet);
	if (type == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(network, packet_end(ctx), packet);
	return XDP_PASS;
}

#endif
