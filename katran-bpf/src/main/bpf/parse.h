/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parses a frame and determines its flow. */
#ifndef KATRAN_PARSE_H
#define KATRAN_PARSE_H

#include "config.h"
#include "icmp.h"
#include "lengths.h"
#include "packet.h"

#define IPV4_DONT_FRAGMENT bpf_htons(0x4000)
#define IPV4_FRAGMENT_OFFSET bpf_htons(0x1fff)
#define IPV6_FRAGMENT_OFFSET bpf_htons(0xfff8)

/* RFC 8200, section 4.5 */
struct ipv6_fragment {
	__u8 next_header;
	__u8 reserved;
	__be16 offset;
	__be32 identification;
};

/* Refuses the packet for the reason that `counter` counts. */
static __always_inline int refuse(struct packet *packet, enum katran_balancer_counter counter)
{
	packet->refusal = counter;
	return REFUSED;
}

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
			return refuse(packet, KATRAN_MALFORMED);
		if (needs_tcp_flags(packet)) {
			packet->is_syn = tcp->syn && !tcp->ack;
			packet->is_rst = tcp->rst;
		}
	} else if (flow->protocol == IPPROTO_UDP) {
		if ((void *)(udp + 1) > end || udp_payload(udp, packet->payload) < 0)
			return refuse(packet, KATRAN_MALFORMED);
	} else {
		return XDP_PASS;
	}
	if ((void *)(udp + 1) > end)
		return refuse(packet, KATRAN_MALFORMED);
	flow->source_port = udp->source;
	flow->destination_port = udp->dest;
	return NEXT;
}

/*
 * Reads the ports of the packet quoted in an ICMP error. A backend sent that packet, so source and
 * destination are swapped. Eight bytes of it suffice (RFC 792); `available` is how many there are.
 */
static __always_inline int parse_quoted_transport(void *transport, void *end, int available,
						  struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct udphdr *udp = transport;

	packet->is_icmp_error = true;
	if (flow->protocol != IPPROTO_TCP && flow->protocol != IPPROTO_UDP)
		return XDP_PASS;
	if ((void *)(udp + 1) > end || available < (int)sizeof(*udp))
		return refuse(packet, KATRAN_MALFORMED);
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

/*
 * Parses an ICMP message. An error concerns the flow of the packet that it quotes, if that was sent
 * by the address that the error is for. A quoted fragment other than the first has no ports, so it
 * names no flow.
 */
static __always_inline int parse_icmp(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct icmp_header *icmp = transport;
	struct iphdr *quoted = (void *)(icmp + 1);
	int available = packet->payload - sizeof(*icmp);

	if ((void *)(icmp + 1) > end || available < 0)
		return refuse(packet, KATRAN_MALFORMED);
	if (icmp->type == ICMP_ECHO_REQUEST) {
		packet->is_echo = true;
		return NEXT;
	}
	if (!is_icmp_error(icmp->type))
		return XDP_PASS;
	if (icmp->type == ICMP_UNREACHABLE && icmp->code == ICMP_FRAGMENTATION_NEEDED)
		count_too_big(KATRAN_PTB_V4, KATRAN_PTB_V4_SMALL, bpf_ntohl(icmp->rest) & 0xffff);
	if ((void *)(quoted + 1) > end || available < (int)sizeof(*quoted) || quoted->version != 4)
		return refuse(packet, KATRAN_MALFORMED);
	if (quoted->ihl != 5)
		return refuse(packet, KATRAN_IP_OPTIONS);
	if (quoted->saddr != flow->destination.words[0] || quoted->frag_off & IPV4_FRAGMENT_OFFSET)
		return XDP_PASS;
	flow->protocol = quoted->protocol;
	set_ipv4(&flow->source, quoted->daddr);
	return parse_quoted_transport(quoted + 1, end, available - sizeof(*quoted), packet);
}

static __always_inline bool was_sent_by(const struct ipv6hdr *ip,
					const struct katran_address *address)
{
	const __be32 *words = ip->saddr.in6_u.u6_addr32;
	__u32 difference = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		difference |= words[i] ^ address->words[i];
	return !difference;
}

/* The same for ICMPv6. Steps over the fragment header of a quoted first fragment. */
static __always_inline int parse_icmpv6(void *transport, void *end, struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct icmp_header *icmp = transport;
	struct ipv6hdr *quoted = (void *)(icmp + 1);
	struct ipv6_fragment *fragment = (void *)(quoted + 1);
	int available = packet->payload - sizeof(*icmp);

	if ((void *)(icmp + 1) > end || available < 0)
		return refuse(packet, KATRAN_MALFORMED);
	if (icmp->type == ICMPV6_ECHO_REQUEST) {
		packet->is_echo = true;
		return NEXT;
	}
	if (!is_icmpv6_error(icmp->type))
		return XDP_PASS;
	if (icmp->type == ICMPV6_PACKET_TOO_BIG)
		count_too_big(KATRAN_PTB_V6, KATRAN_PTB_V6_SMALL, bpf_ntohl(icmp->rest));
	available -= sizeof(*quoted);
	if ((void *)(quoted + 1) > end || available < 0 || quoted->version != 6)
		return refuse(packet, KATRAN_MALFORMED);
	if (!was_sent_by(quoted, &flow->destination))
		return XDP_PASS;
	if (quoted->nexthdr != IPPROTO_FRAGMENT) {
		flow->protocol = quoted->nexthdr;
		set_ipv6(&flow->source, &quoted->daddr);
		return parse_quoted_transport(fragment, end, available, packet);
	}
	available -= sizeof(*fragment);
	if ((void *)(fragment + 1) > end || available < 0)
		return refuse(packet, KATRAN_MALFORMED);
	if (fragment->offset & IPV6_FRAGMENT_OFFSET)
		return XDP_PASS;
	packet->is_quoted_fragment = true;
	flow->protocol = fragment->next_header;
	set_ipv6(&flow->source, &quoted->daddr);
	return parse_quoted_transport(fragment + 1, end, available, packet);
}

/* Drops a packet that its receiver would drop as well. */
static __always_inline int drop_malformed(void)
{
	count_event(KATRAN_MALFORMED);
	return XDP_DROP;
}

static __always_inline int parse_ipv4(void *network, void *end, __u32 available,
				      struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct iphdr *ip = network;

	if ((void *)(ip + 1) > end || !is_well_formed_v4(ip, available))
		return drop_malformed();
	packet->bytes = bpf_ntohs(ip->tot_len);
	packet->payload = packet->bytes - sizeof(*ip);
	packet->tos = ip->tos;
	packet->dont_fragment = ip->frag_off & IPV4_DONT_FRAGMENT;
	flow->family = KATRAN_IPV4;
	flow->protocol = ip->protocol;
	set_ipv4(&flow->source, ip->saddr);
	set_ipv4(&flow->destination, ip->daddr);
	if (ip->ihl != 5)
		return refuse(packet, KATRAN_IP_OPTIONS);
	if (ip->frag_off & IPV4_ANY_FRAGMENT)
		return refuse(packet, KATRAN_FRAGMENTS);
	if (flow->protocol == IPPROTO_ICMP)
		return parse_icmp(ip + 1, end, packet);
	return parse_transport(ip + 1, end, packet);
}

static __always_inline int parse_ipv6(void *network, void *end, __u32 available,
				      struct packet *packet)
{
	struct katran_flow *flow = &packet->flow;
	struct ipv6hdr *ip = network;

	if ((void *)(ip + 1) > end || !is_well_formed_v6(ip, available))
		return drop_malformed();
	packet->bytes = bpf_ntohs(ip->payload_len);
	packet->payload = packet->bytes;
	packet->tos = ipv6_traffic_class(ip);
	packet->dont_fragment = true; /* routers never fragment IPv6 */
	flow->family = KATRAN_IPV6;
	flow->protocol = ip->nexthdr;
	set_ipv6(&flow->source, &ip->saddr);
	set_ipv6(&flow->destination, &ip->daddr);
	if (flow->protocol == IPPROTO_FRAGMENT)
		return refuse(packet, KATRAN_FRAGMENTS);
	if (flow->protocol == IPPROTO_ICMPV6)
		return parse_icmpv6(ip + 1, end, packet);
	return parse_transport(ip + 1, end, packet);
}

/*
 * Returns whether a frame is addressed to this host alone. Others are the host's business, as Linux
 * treats PACKET_BROADCAST, PACKET_MULTICAST and PACKET_OTHERHOST. A test run has no interface, so
 * its frames may have any unicast destination.
 */
static __always_inline bool is_for_us(const struct xdp_md *ctx, const struct ethhdr *eth,
				      const struct packet *packet)
{
	const volatile __u16 *own = (const volatile __u16 *)config.own_mac;
	const struct mac *destination = (const void *)eth->h_dest;

	if (eth->h_dest[0] & 1) /* a group address */
		return false;
	if (!uses(packet, KATRAN_USES_OWN_MAC))
		return true;
	if (!((destination->words[0] ^ own[0]) | (destination->words[1] ^ own[1]) |
	      (destination->words[2] ^ own[2])))
		return true;
	return ctx->ingress_ifindex != config.own_ifindex;
}

/*
 * Parses the frame's headers. NEXT: `packet` holds the frame's flow or, for an ICMP error, the flow
 * that the error refers to. REFUSED: it cannot be balanced. Any other result is a verdict.
 */
static __always_inline int parse(struct xdp_md *ctx, struct packet *packet)
{
	__u32 available = frame_length(ctx) - ETH_HLEN;
	void *end = packet_end(ctx);
	struct ethhdr *eth = packet_data(ctx);

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (!is_for_us(ctx, eth, packet))
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return parse_ipv4(eth + 1, end, available, packet);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return parse_ipv6(eth + 1, end, available, packet);
	return XDP_PASS;
}

#endif
