/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state of one packet on its way through the program, and helpers that all headers share. */
#ifndef KATRAN_PACKET_H
#define KATRAN_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "katran.h"

#define IPV4_ANY_FRAGMENT bpf_htons(0x2000 | 0x1fff) /* MF flag or fragment offset */

/* Returned by a step that reached no verdict: the next step handles the packet. */
#define NEXT (-1)

/* Returned by a parser for an ICMP or ICMPv6 echo request. */
#define ECHO_REQUEST (-3)

/* Returned by a parser for an ICMP or ICMPv6 message that it has not read. */
#define MESSAGE (-4)

/*
 * Returned by a parser, with the counter of the reason added, for a packet that cannot be balanced:
 * it is dropped if it is for a VIP's address, and otherwise none of our business.
 */
#define REFUSED 0x100

#define NO_SERVER_ID 0

/*
 * The parsed packet. `flow` is the connection that the packet, or the packet quoted in an ICMP
 * error, belongs to. Its ports are in the form that the VIP hashes.
 */
struct packet {
	bool is_plain; /* compile-time constant: no feature is in use */
	struct katran_counter *counters; /* of this CPU; see own_counters() */
	struct katran_flow flow;
	__u64 received;	    /* bytes of the frame that was received */
	__u64 frame;	    /* the same, without tunnels */
	__u32 hash;	    /* of `flow`, if is_hashed */
	bool is_hashed;
	__u32 vip;	    /* index of the VIP */
	__u32 vip_flags;    /* read once, because they may change meanwhile */
	__u32 idle;	    /* seconds until an unused entry of a changed slot expires */
	__u16 bytes;	    /* for counters: IPv4 total length, IPv6 payload length */
	__u32 payload;	    /* bytes behind the IP header, as it states them */
	__u8 tos;	    /* IPv4 TOS or IPv6 traffic class */
	__be16 dont_fragment; /* the IPv4 header's DF flag; set for IPv6 */
	__u64 mac;	    /* the frame's destination; see read_mac() */
	__u64 backend_word; /* family, flags and MAC of the chosen backend, also read once */
	bool is_icmp_error; /* an ICMP error: `flow` comes from the packet it quotes */
	bool is_quoted_fragment; /* that packet has an IPv6 fragment header */
	bool is_syn;	    /* SYN without ACK: opens a connection; see needs_tcp_flags() */
	bool is_rst;
	bool is_initial;    /* a QUIC packet that opens a connection */
	/* Total length of the tunnel headers removed. The verifier tracks it as one scalar. */
	__u32 tunnel_bytes;
	bool is_counted;  /* in its verdict's counter */
	bool is_missed;	  /* the flow was not in the flow table */
	__be32 client;	  /* bits of the client's address for the outer header; see read_client() */
};

/* The fields of the word of struct katran_backend that starts with `family`. */
static __always_inline __u8 backend_family(const struct packet *packet)
{
	return packet->backend_word;
}

static __always_inline bool backend_has(const struct packet *packet, enum katran_backend_flag flag)
{
	return packet->backend_word >> 8 & flag;
}

/*
 * Reads the Ethernet address at `from`, which has two more bytes behind it. It is in the lower 48
 * bits; the upper ones are arbitrary. One load takes the place of six: struct ethhdr is packed.
 */
static __always_inline __u64 read_mac(const void *from)
{
	return *(const __u64 *)from;
}

/* Writes a word to where the type of `to` would have clang write bytes. */
static __always_inline void write_word(void *to, __u64 word)
{
	*(__u64 *)to = word;
}

static __always_inline void write_mac(void *to, __u64 mac)
{
	*(__u32 *)to = mac;
	*(__u16 *)(to + 4) = mac >> 32;
}

static __always_inline __be16 ethertype(const struct ethhdr *eth)
{
	return *(const __be16 *)((const void *)eth + offsetof(struct ethhdr, h_proto));
}

static __always_inline void set_ethertype(struct ethhdr *eth, __be16 type)
{
	*(__be16 *)((void *)eth + offsetof(struct ethhdr, h_proto)) = type;
}

static __always_inline void *packet_data(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

static __always_inline void *packet_end(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

static __always_inline __u64 frame_length(const struct xdp_md *ctx)
{
	__u64 length = packet_end(ctx) - packet_data(ctx);

	/* subtract here, and whole pointers: half a packet pointer is of no use to the verifier */
	barrier_var(length);
	return length;
}

/* Returns the transport header that follows an IP header without options. */
static __always_inline void *transport_header(const struct xdp_md *ctx, __u8 family)
{
	return packet_data(ctx) + ETH_HLEN +
	       (family == KATRAN_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

/*
 * Reads the client address bits that go into the outer header: the whole IPv4 address, or the last
 * word of an IPv6 address, which distinguishes clients best.
 */
static __always_inline void read_client(struct packet *packet)
{
	packet->client = packet->flow.family == KATRAN_IPV6 ? packet->flow.source.words[3]
							    : packet->flow.source.words[0];
}

/* Keeps the client's address out of the outer header. */
static __always_inline void omit_client(struct packet *packet)
{
	packet->client = 0;
}

/* Returns the length of the packet with its IP header, as the header states it. */
static __always_inline __u32 packet_length(const struct packet *packet)
{
	return packet->flow.family == KATRAN_IPV6 ? packet->bytes + sizeof(struct ipv6hdr)
						  : packet->bytes;
}

/* Refuses the packet for the reason that `counter` counts. */
static __always_inline int refuse(enum katran_balancer_counter counter)
{
	return REFUSED + counter;
}

static __always_inline __u8 ipv6_traffic_class(const struct ipv6hdr *ip)
{
	return bpf_ntohs(*(const __be16 *)ip) >> 4;
}

static __always_inline void set_ipv4(struct katran_address *address, __be32 value)
{
	address->words[0] = value;
	address->words[1] = 0;
	address->words[2] = 0;
	address->words[3] = 0;
}

static __always_inline void set_ipv6(struct katran_address *address, const struct in6_addr *value)
{
	__builtin_memcpy(address, value, sizeof(*address));
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	__u64 source = read_mac(eth->h_source);

	write_mac(eth->h_source, read_mac(eth->h_dest));
	write_mac(eth->h_dest, source);
}

#endif
