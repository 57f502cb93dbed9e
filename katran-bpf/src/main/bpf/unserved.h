/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets for a VIP's address and a port that no VIP has. Without forwarding to the host, the VIP
 * answers them as a host with a closed port would: TCP with a reset (RFC 9293, section 3.10.7.1),
 * UDP with ICMP "port unreachable" (RFC 1122, section 3.2.2.1; RFC 4443, section 3.1).
 *
 * Few packets need this, so it is not inline and shares nothing with the common path.
 */
#ifndef KATRAN_UNSERVED_H
#define KATRAN_UNSERVED_H

#include "address.h"
#include "budget.h"
#include "checksum.h"
#include "config.h"
#include "icmp.h"
#include "packet.h"
#include "too_big.h"
#include "vip.h"

#define ICMP_PORT_UNREACHABLE 3	  /* code of ICMP_UNREACHABLE */
#define ICMPV6_PORT_UNREACHABLE 4 /* code of ICMPV6_UNREACHABLE */

/* The most bytes that such an error quotes: RFC 1812, section 4.3.2.3, and RFC 4443, section 3.1. */
#define UNREACHABLE_QUOTED_V4 (576 - sizeof(struct iphdr) - sizeof(struct icmp_header))
#define UNREACHABLE_QUOTED_V6 (IPV6_MIN_MTU - sizeof(struct ipv6hdr) - sizeof(struct icmp_header))
#define UNREACHABLE_MAX_WORDS ((IPV6_MIN_MTU - sizeof(struct ipv6hdr)) / 4)

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* Sums `bytes` bytes of the frame, which start at `from`. Global, since the loop is long. */
__noinline __u64 sum_frame(struct xdp_md *ctx, __u32 from, __u32 bytes)
{
	void *end = packet_end(ctx);
	__u8 *start;
	__u64 sum = 0;
	__u32 at = 0;

	if (!(config.features & KATRAN_USES_REJECTIONS))
		return 0;
	start = packet_data(ctx) + (from & 0x3f);
	for (int i = 0; i < (int)UNREACHABLE_MAX_WORDS; i++) {
		__be32 *word = (void *)start + 4 * i;

		if (at + 4 > bytes || (void *)(word + 1) > end)
			break;
		sum += *word;
		at += 4;
	}
	start += at & 0x7ff;
	if (bytes - at >= 2) {
		if ((void *)(start + 2) > end)
			return sum;
		sum += *(__be16 *)start;
		start += 2;
		at += 2;
	}
	if (bytes - at == 1 && (void *)(start + 1) <= end)
		sum += *start; /* the other byte of the last word counts as 0 */
	return sum;
}

/* Writes the header of an answer from `source`, with `length` bytes of payload. */
static __always_inline void write_answer_v4(struct iphdr *ip, __be32 source, __be32 destination,
					    __u8 protocol, __u32 length)
{
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(sizeof(*ip) + length);
	ip->frag_off = bpf_htons(0x4000); /* an atomic datagram needs no identification: RFC 6864 */
	ip->ttl = ERROR_TTL;
	ip->protocol = protocol;
	ip->saddr = source;
	ip->daddr = destination;
	ip->check = ipv4_checksum(ip);
}

static __always_inline void write_answer_v6(struct ipv6hdr *ip,
					    const struct katran_address *source,
					    const struct katran_address *destination, __u8 protocol,
					    __u32 length)
{
	*(__be32 *)ip = bpf_htonl(6 << 28);
	ip->payload_len = bpf_htons(length);
	ip->nexthdr = protocol;
	ip->hop_limit = ERROR_TTL;
	__builtin_memcpy(&ip->saddr, source, sizeof(*source));
	__builtin_memcpy(&ip->daddr, destination, sizeof(*destination));
}

/* Returns the sum of a flow's addresses, which pseudo headers cover. */
static __always_inline __u64 sum_addresses(const struct katran_flow *flow)
{
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)flow->source.words[i] + flow->destination.words[i];
	return sum;
}

/*
 * Turns a segment into its reset, in place. `length` is that of the segment's header and payload,
 * and `addresses` the sum of the addresses.
 */
static __always_inline void write_reset(struct tcphdr *tcp, __u32 length, __u64 addresses)
{
	__u32 flags = ((const __u8 *)tcp)[13];
	__u32 data = length - tcp->doff * 4 + (flags & TCP_FIN) + (flags >> 1 & 1);
	__be32 *words = (__be32 *)tcp;
	__be32 sequence = 0;
	__be32 acknowledged = 0;
	__u32 answer = TCP_RST;

	if (flags & TCP_ACK) {
		sequence = tcp->ack_seq;
	} else {
		acknowledged = bpf_htonl(bpf_ntohl(tcp->seq) + data);
		answer |= TCP_ACK;
	}
	words[0] = words[0] >> 16 | words[0] << 16; /* the ports */
	words[1] = sequence;
	words[2] = acknowledged;
	words[3] = bpf_htonl(5U << 28 | answer << 16);
	words[4] = 0;
	tcp->check = ~checksum_fold_wide(addresses + bpf_htons(IPPROTO_TCP) +
					 bpf_htons(sizeof(*tcp)) + words[0] + words[1] +
					 (__u64)words[2] + words[3]);
}

static __always_inline int reset_v4(struct xdp_md *ctx, const struct katran_flow *flow)
{
	const int bytes = ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr);
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 length;

	if ((void *)(tcp + 1) > packet_end(ctx) || tcp->rst)
		return XDP_DROP;
	length = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	if (bpf_xdp_adjust_tail(ctx, bytes - (int)frame_length(ctx)))
		return XDP_DROP;
	ip = packet_data(ctx) + ETH_HLEN;
	tcp = (void *)(ip + 1);
	if ((void *)(tcp + 1) > packet_end(ctx))
		return XDP_DROP;
	swap_macs(packet_data(ctx));
	write_answer_v4(ip, flow->destination.words[0], flow->source.words[0], IPPROTO_TCP,
			sizeof(*tcp));
	write_reset(tcp, length, sum_addresses(flow));
	return XDP_TX;
}

static __always_inline int reset_v6(struct xdp_md *ctx, const struct katran_flow *flow)
{
	const int bytes = ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct tcphdr);
	struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;
	struct tcphdr *tcp = (void *)(ip + 1);
	__u32 length;

	if ((void *)(tcp + 1) > packet_end(ctx) || tcp->rst)
		return XDP_DROP;
	length = bpf_ntohs(ip->payload_len);
	if (bpf_xdp_adjust_tail(ctx, bytes - (int)frame_length(ctx)))
		return XDP_DROP;
	ip = packet_data(ctx) + ETH_HLEN;
	tcp = (void *)(ip + 1);
	if ((void *)(tcp + 1) > packet_end(ctx))
		return XDP_DROP;
	swap_macs(packet_data(ctx));
	write_answer_v6(ip, &flow->destination, &flow->source, IPPROTO_TCP,
			sizeof(*tcp));
	write_reset(tcp, length, sum_addresses(flow));
	return XDP_TX;
}

static __always_inline void write_unreachable(struct icmp_header *icmp, __u8 type, __u8 code)
{
	icmp->type = type;
	icmp->code = code;
	icmp->checksum = 0;
	icmp->rest = 0;
}

static __always_inline int unreachable_v4(struct xdp_md *ctx, const struct katran_flow *flow)
{
	const int headers = sizeof(struct iphdr) + sizeof(struct icmp_header);
	struct iphdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp;
	struct ethhdr *eth;
	__u32 quoted;
	__u64 sum;

	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	quoted = bpf_ntohs(ip->tot_len);
	if (quoted > UNREACHABLE_QUOTED_V4)
		quoted = UNREACHABLE_QUOTED_V4;
	eth = turn_into_quote(ctx, quoted, headers);
	if (!eth)
		return XDP_DROP;
	ip = (void *)(eth + 1);
	icmp = (void *)(ip + 1);
	if ((void *)(icmp + 1) > packet_end(ctx))
		return XDP_DROP;
	write_answer_v4(ip, flow->destination.words[0], flow->source.words[0], IPPROTO_ICMP,
			sizeof(*icmp) + quoted);
	write_unreachable(icmp, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE);
	sum = sum_frame(ctx, ETH_HLEN + sizeof(*ip), sizeof(*icmp) + quoted);
	icmp = packet_data(ctx) + ETH_HLEN + sizeof(*ip);
	if ((void *)(icmp + 1) > packet_end(ctx))
		return XDP_DROP;
	icmp->checksum = ~checksum_fold_wide(sum);
	return XDP_TX;
}

static __always_inline int unreachable_v6(struct xdp_md *ctx, const struct katran_flow *flow)
{
	const int headers = sizeof(struct ipv6hdr) + sizeof(struct icmp_header);
	struct ipv6hdr *ip = packet_data(ctx) + ETH_HLEN;
	struct icmp_header *icmp;
	struct ethhdr *eth;
	__u32 message;
	__u32 quoted;
	__u64 sum;

	if ((void *)(ip + 1) > packet_end(ctx))
		return XDP_DROP;
	quoted = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (quoted > UNREACHABLE_QUOTED_V6)
		quoted = UNREACHABLE_QUOTED_V6;
	message = sizeof(*icmp) + quoted;
	eth = turn_into_quote(ctx, quoted, headers);
	if (!eth)
		return XDP_DROP;
	ip = (void *)(eth + 1);
	icmp = (void *)(ip + 1);
	if ((void *)(icmp + 1) > packet_end(ctx))
		return XDP_DROP;
	write_answer_v6(ip, &flow->destination, &flow->source, IPPROTO_ICMPV6, message);
	write_unreachable(icmp, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE);
	sum = sum_frame(ctx, ETH_HLEN + sizeof(*ip), message) + sum_addresses(flow) +
	      bpf_htons(message) + bpf_htons(IPPROTO_ICMPV6);
	icmp = packet_data(ctx) + ETH_HLEN + sizeof(*ip);
	if ((void *)(icmp + 1) > packet_end(ctx))
		return XDP_DROP;
	icmp->checksum = ~checksum_fold_wide(sum);
	return XDP_TX;
}

/* Answers a TCP or UDP packet with an ordinary IP header. Returns XDP_DROP if that is impossible. */
static __noinline int reject(struct xdp_md *ctx, const struct katran_flow *flow, bool is_tcp)
{
	if (flow->family == KATRAN_IPV4)
		return is_tcp ? reset_v4(ctx, flow) : unreachable_v4(ctx, flow);
	return is_tcp ? reset_v6(ctx, flow) : unreachable_v6(ctx, flow);
}

/*
 * Decides about a packet that is for no VIP: passes it unless it is for a VIP's address. Then it is
 * dropped or, within this second's budget, answered. ICMP errors and resets are never answered.
 */
static __noinline int decide_unserved(struct xdp_md *ctx, __u8 protocol, bool is_icmp_error)
{
	struct katran_flow flow;

	if (!read_addresses(ctx, &flow) || !is_vip_address(&flow))
		return XDP_PASS;
	count_event(KATRAN_UNSERVED);
	if (!(config.features & KATRAN_USES_REJECTIONS) || is_icmp_error ||
	    !may_answer(&flow.source, &flow.destination, flow.family) ||
	    !has_answer_budget(KATRAN_ERRORS_SENT))
		return XDP_DROP;
	return reject(ctx, &flow, protocol == IPPROTO_TCP);
}

#endif
