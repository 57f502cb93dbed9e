/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one packet carries through the program, and the words every part uses. */
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

#define IPV4_ANY_FRAGMENT bpf_htons(0x2000 | 0x1fff) /* more fragments, or an offset */

/* A step's answer when it is not a verdict yet: the packet goes on to the next step. */
#define NEXT (-1)

/*
 * What is known of the packet. `flow` is the connection that it belongs to, or that the ICMP error
 * in it is about, with the ports as its VIP hashes them.
 */
struct packet {
	bool is_plain; /* a constant for clang: no feature is in use */
	struct katran_flow flow;
	__u32 vip;	 /* its number */
	__u32 vip_flags; /* read once: they may change meanwhile */
	__u32 idle;	 /* seconds after which an entry of a changed slot counts no more */
	__u16 bytes;	 /* as counted: IPv4 total length, IPv6 payload length */
	__u8 tos;	 /* or traffic class */
	__u8 backend_flags;   /* of the chosen backend, read once as well */
	bool is_echo;	      /* an echo request: answered, not forwarded */
	bool is_icmp;	      /* an ICMP error: what it says of the flow is all that is known */
	bool is_syn;	      /* TCP; like the next one only told where somebody asks */
	bool is_rst;
	/* The headers of tunnels that it came in: a number, which the verifier follows as one. */
	__u32 tunnel_bytes;
	bool is_missed;	      /* the flow table did not know the flow */
	bool hides_client;    /* the outer header tells nothing of the client's address */
};

/* An Ethernet address in words, which is how it is aligned everywhere: three copies, not six. */
struct mac {
	__u16 words[ETH_ALEN / 2];
};

static __always_inline void *packet_data(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

static __always_inline void *packet_end(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

static __always_inline __u32 frame_length(const struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;

	/* subtract now: a packet pointer that waits for it on the stack loses its upper half */
	barrier_var(length);
	return length;
}

/* The transport header, behind an IP header without options. */
static __always_inline void *transport_header(const struct xdp_md *ctx, __u8 family)
{
	return packet_data(ctx) + ETH_HLEN +
	       (family == KATRAN_IPV6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

/*
 * What of the client's address goes into the outer header: all of IPv4, and the part of IPv6 that
 * tells clients apart best.
 */
static __always_inline __be32 packet_client(const struct packet *packet)
{
	if (packet->hides_client)
		return 0;
	return packet->flow.family == KATRAN_IPV6 ? packet->flow.source.words[3]
						  : packet->flow.source.words[0];
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

#endif
