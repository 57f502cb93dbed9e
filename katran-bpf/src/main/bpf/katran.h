/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI: what the control plane writes and the programs read, and the other way round.
 *
 * This header is read by clang for the programs and by jextract for the Java view of the same
 * structures, so it holds declarations only. Addresses and ports are in network byte order; an
 * IPv4 address stands in the first four bytes, the other twelve are zero.
 */
#ifndef KATRAN_H
#define KATRAN_H

#include <linux/types.h>

enum katran_family {
	KATRAN_IPV4 = 4,
	KATRAN_IPV6 = 6,
};

struct katran_address {
	__be32 words[4];
};

/*
 * Key of the map `vips`. Port 0 means every port. An address that answers to ping has one more
 * entry, with port 0 and protocol ICMP (1, or 58 for IPv6).
 */
struct katran_vip_key {
	struct katran_address address;
	__be16 port;
	__u8 protocol;
	__u8 family; /* enum katran_family */
};

enum katran_vip_flag {
	/* the source port takes no part in the hash */
	KATRAN_VIP_HASH_NO_SOURCE_PORT = 1 << 0,
	/* the destination port alone is hashed */
	KATRAN_VIP_HASH_DESTINATION_PORT_ONLY = 1 << 1,
	/* the destination port is hashed although the VIP stands for every port */
	KATRAN_VIP_HASH_BOTH_PORTS = 1 << 2,
};

/* Value of the map `vips`. */
struct katran_vip {
	__u32 number; /* index of the VIP's ring and of its counter */
	__u32 flags;  /* enum katran_vip_flag */
};

/*
 * Value of a ring, the inner map of `rings`: one cache line of slots, each the number of a
 * backend. A ring of n slots has ceil(n / KATRAN_SLOTS_PER_LINE) lines, so that a mapped ring is
 * a plain array of __u32.
 */
enum {
	KATRAN_SLOTS_PER_LINE = 16,
	/* A slot nobody serves. Backend numbers start at 1: fresh memory is an empty ring. */
	KATRAN_NO_BACKEND = 0,
};

struct katran_ring_line {
	__u32 slots[KATRAN_SLOTS_PER_LINE];
};

enum katran_backend_flag {
	/* mac holds the next hop's address; without it packets to this backend are dropped */
	KATRAN_BACKEND_RESOLVED = 1 << 0,
	/* the next hop is behind another interface than the one the packet came in by */
	KATRAN_BACKEND_REDIRECT = 1 << 1,
	/* packets to this backend go in GUE; in IPIP without it */
	KATRAN_BACKEND_GUE = 1 << 2,
};

/* Value of the map `backends`: one cache line that holds all a packet needs to reach it. */
struct katran_backend {
	struct katran_address address;
	__u8 family; /* enum katran_family; 0: no backend has this number */
	__u8 flags;  /* enum katran_backend_flag */
	__u8 destination_mac[6];
	__u8 source_mac[6]; /* of the egress interface, for KATRAN_BACKEND_REDIRECT */
	__u8 reserved[2];
	__u32 egress_ifindex;
	__u8 padding[28];
};

/*
 * Value of the map `counters`. Counter c of CPU n is at n * counters_per_cpu + c; only that CPU
 * writes it, and whoever reads adds up the CPUs.
 */
struct katran_counter {
	__u64 packets;
	__u64 bytes;
};

/* The balancer's counters. Behind them come those of the VIPs, then those of the backends. */
enum katran_balancer_counter {
	KATRAN_TX, /* bytes of the frame as it arrived, here and in the next two */
	KATRAN_DROP,
	KATRAN_PASS,
	KATRAN_FIRST_VIP_COUNTER = 8, /* bytes: IPv4 total length, IPv6 payload length */
};

/* The configuration of the balancer, constant from load on: the verifier removes what is off. */
struct katran_balancer_config {
	__u32 ring_size;	/* slots in a ring, a prime */
	__u32 hash_seed_v4;	/* max_vips * ring_size */
	__u32 hash_seed_v6;	/* max_vips */
	__u32 max_packet_size;	/* of a frame for a VIP, Ethernet header included */
	__u32 counters_per_cpu;
	__u32 first_backend_counter;
	__u32 answer_too_big;	/* 1: answer what is longer than max_packet_size */
	__u32 gue;		/* 1: there may be backends with KATRAN_BACKEND_GUE */
	__u32 gue_port;		/* outer UDP destination, in host byte order */
	struct katran_address gue_source_v4; /* outer sources, of the families in use */
	struct katran_address gue_source_v6;
};

/* The decapsulator's counters: bytes of the inner packet as above, but for the last two. */
enum katran_decap_counter {
	KATRAN_DECAP_IPIP,	/* IPv4 in IPv4 */
	KATRAN_DECAP_6IN4,
	KATRAN_DECAP_4IN6,
	KATRAN_DECAP_6IN6,
	KATRAN_DECAP_GUE,	/* either in UDP */
	KATRAN_DECAP_PASS,	/* left alone; bytes of the frame */
	KATRAN_DECAP_COUNTERS = 8,
};

struct katran_decap_config {
	__u32 gue_port;		/* host byte order; 0: no GUE */
	__u32 only_listed;	/* 1: only outer destinations in the map `destinations` */
};

#endif
