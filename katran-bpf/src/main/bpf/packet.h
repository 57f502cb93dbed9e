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

/* A step's answer when it is not a verdict yet: the packet goes on to the next step. */
#define NEXT (-1)

/* A connection, as its client names it. */
struct flow {
	struct katran_address source;
	struct katran_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 family; /* enum katran_family, of the addresses */
};

struct packet {
	struct flow flow;
	__u16 bytes;	/* as counted: IPv4 total length, IPv6 payload length */
	__u8 tos;	/* or traffic class */
	bool is_echo;	/* an echo request: answered, not forwarded */
	__u8 backend_flags; /* of the chosen backend, read once: they may change meanwhile */
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
	return ctx->data_end - ctx->data;
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
