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
 * Key of a VIP. Port 0 means every port. An address that answers to ping has one more entry, with
 * port 0 and protocol ICMP (1, or 58 for IPv6).
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
	/* what goes to a local backend passes to the host */
	KATRAN_VIP_LOCAL = 1 << 3,
	/* server ids from QUIC connection ids */
	KATRAN_VIP_QUIC = 1 << 4,
	/* server ids from the UDP stable routing header */
	KATRAN_VIP_UDP_STABLE_ROUTING = 1 << 5,
	/* flows leave backends that are in the map `down` */
	KATRAN_VIP_UDP_FLOW_MIGRATION = 1 << 6,
	/* the source address may choose the backend */
	KATRAN_VIP_SOURCE_ROUTING = 1 << 7,
	/* every flow has an entry in the flow table */
	KATRAN_VIP_TRACKED = 1 << 8,
	/* misses of the flow table are counted by backend, in the map `watched` */
	KATRAN_VIP_WATCHED = 1 << 9,
};

/* Key of the map `prefix_vips`, a trie: a VIP that stands for all addresses of a prefix. */
struct katran_prefix_vip_key {
	__u32 prefix_length; /* in bits, of all that follows: 32 and the address's */
	__be16 port;
	__u8 protocol;
	__u8 family;
	struct katran_address address;
};

enum {
	KATRAN_PREFIX_VIP_FIXED_BITS = 32, /* port, protocol and family take part whole */
};

/* What is known of a VIP; value of the map `prefix_vips`. */
struct katran_vip {
	__u32 number; /* index of the VIP's ring and of its counter */
	__u32 flags;  /* enum katran_vip_flag */
	__u32 idle;   /* seconds after which an entry of a changed slot's flow counts no more */
};

/*
 * The table behind the map `vips`: a cuckoo hash table (Pagh and Rodler, 2004) that is never
 * changed, only replaced. A VIP is in one of two lines, so whoever looks for it reads two cache
 * lines at most, and mostly one. A line stands behind those before it and KATRAN_FIRST_VIP_LINE.
 */
enum {
	KATRAN_VIPS_PER_LINE = 2,
	KATRAN_FIRST_VIP_LINE = 1,
	KATRAN_VIP_KEY_WORDS = 5,
	/* the hash's upper 32 bits say where a VIP is, in its lowest bits and from here on */
	KATRAN_SECOND_VIP_LINE_SHIFT = 15,
};

struct katran_vip_entry {
	struct katran_vip_key key; /* family 0: nobody's */
	struct katran_vip vip;
};

struct katran_vip_line {
	struct katran_vip_entry entries[KATRAN_VIPS_PER_LINE];
};

/*
 * The first line has what the others' hash is made with: the key's words, each times one of these
 * numbers, and one more (multilinear hashing, Carter and Wegman 1979; see Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014). Where no place is found for all, others do.
 */
struct katran_vip_hash {
	__u64 multipliers[KATRAN_VIP_KEY_WORDS];
	__u64 addend;
	__u64 padding[2];
};

/*
 * Value of a ring, the inner map of `rings`: one cache line of slots, each the number of its
 * backend, and enum katran_slot. A ring of n slots has ceil(n / KATRAN_SLOTS_PER_LINE) lines, and
 * as many again: there, at the same places, are the previous backends of the slots that are
 * changing. So a mapped ring is two plain arrays of __u32.
 */
enum {
	KATRAN_SLOTS_PER_LINE = 16,
	/* A slot nobody serves. Backend numbers start at 1: fresh memory is an empty ring. */
	KATRAN_NO_BACKEND = 0,
};

struct katran_ring_line {
	__u32 slots[KATRAN_SLOTS_PER_LINE];
};

/*
 * The parts of a slot. It is stable if it is nothing but a number: then its flows are all at that
 * backend, and the flow table need not be asked.
 */
enum katran_slot {
	KATRAN_SLOT_BACKEND = (1 << 24) - 1,
	/* what is unknown is older than the change, and at the previous backend, if it is no SYN */
	KATRAN_SLOT_CHANGING = 1 << 29,
	/* what is unknown is at the current backend; some flows that are known are elsewhere */
	KATRAN_SLOT_SETTLED = 1 << 30,
};

enum katran_backend_flag {
	/* mac holds the next hop's address; without it packets to this backend are dropped */
	KATRAN_BACKEND_RESOLVED = 1 << 0,
	/* the next hop is behind another interface than the one the packet came in by */
	KATRAN_BACKEND_REDIRECT = 1 << 1,
	/* packets to this backend go in GUE; in IPIP without it */
	KATRAN_BACKEND_GUE = 1 << 2,
	/* this host serves: a packet of a VIP with KATRAN_VIP_LOCAL passes */
	KATRAN_BACKEND_LOCAL = 1 << 3,
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

/* A connection, as its client names it: key of the flow table. */
struct katran_flow {
	struct katran_address source;
	struct katran_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 family; /* enum katran_family, of the addresses */
	__u16 zero;
};

/* Value of the flow table. */
struct katran_flow_entry {
	__u32 backend;
	__u32 vip;
	__u64 last_used; /* CLOCK_MONOTONIC, nanoseconds */
};

/* Keys of the tries behind the maps `source_routes_v4` and `source_routes_v6`. */
struct katran_source_v4 {
	__u32 prefix_length;
	__be32 address;
};

struct katran_source_v6 {
	__u32 prefix_length;
	struct katran_address address;
};

/* Key of the table behind the map `down`. */
struct katran_down_key {
	__u32 vip;
	__u32 backend;
};

/* Key of the table behind the map `tunnel_ends`, whose values are enum katran_tunnel_end. */
struct katran_tunnel_end_key {
	struct katran_address address;
	__u32 family; /* enum katran_family */
};

enum katran_tunnel_end {
	KATRAN_RECIRCULATE = 1, /* balance the packet that was in the tunnel */
	KATRAN_EGRESS = 2,	/* send it back out; what comes in GUE only */
};

/*
 * Value of the map `counters`. Counter c of CPU n is at n * counters_per_cpu + c; only that CPU
 * writes it, and whoever reads adds up the CPUs.
 */
struct katran_counter {
	__u64 packets;
	__u64 bytes;
};

/*
 * The balancer's counters. Behind them come those of the VIPs, KATRAN_COUNTERS_PER_VIP for each,
 * then those of the backends, one for each.
 */
enum katran_balancer_counter {
	KATRAN_TX, /* bytes of the frame as it arrived, here and in the next two */
	KATRAN_DROP,
	KATRAN_PASS,
	/* the rest counts packets only */
	KATRAN_FLOW_LOOKUPS,	     /* packets of tracked VIPs that nothing before the table placed */
	KATRAN_FLOW_MISSES,	     /* those it did not place; a SYN never is */
	KATRAN_FLOW_MISSES_SYN,	     /* of the misses, TCP with SYN */
	KATRAN_FLOW_MISSES_TCP,	     /* of the misses, TCP without SYN */
	KATRAN_FLOW_FALLBACK,	     /* packets on a CPU that has no table of its own */
	KATRAN_NEW_FLOWS,	     /* no sum: packets in the second that began at `bytes` */
	KATRAN_FLOWS_LIMITED,	     /* not entered, as there were too many in this second */
	KATRAN_TOO_BIG_V4,	     /* answers that a packet is too big */
	KATRAN_TOO_BIG_V6,
	KATRAN_SOURCE_HITS,
	KATRAN_SOURCE_MISSES,
	KATRAN_DECAPSULATED_V4, /* by the outer family, like the next four */
	KATRAN_DECAPSULATED_V6,
	KATRAN_RECIRCULATED_V4,
	KATRAN_RECIRCULATED_V6,
	KATRAN_EGRESS_V4,
	KATRAN_EGRESS_V6,
	KATRAN_ENCAP_FAILED_V4, /* no headroom; by the outer family */
	KATRAN_ENCAP_FAILED_V6,
	KATRAN_RING_EMPTY,	     /* dropped: nobody serves the slot */
	KATRAN_BACKEND_UNKNOWN,	     /* dropped: no such backend, or no next hop towards it */
	KATRAN_QUIC_RING,	     /* neither initial nor routed by id nor dropped for it */
	KATRAN_QUIC_INITIAL,
	KATRAN_QUIC_ID,
	KATRAN_QUIC_VERSION_0, /* of connection ids that were read */
	KATRAN_QUIC_VERSION_1,
	KATRAN_QUIC_VERSION_2,
	KATRAN_QUIC_VERSION_3,
	KATRAN_QUIC_INVALID_ID,	       /* ids that nobody has */
	KATRAN_QUIC_INVALID_ID_SAMPLE, /* no sum: `packets` is the latest such id */
	KATRAN_QUIC_UNKNOWN_BACKEND,   /* dropped: id of a backend that is gone */
	KATRAN_QUIC_FLOW_MATCH,	       /* routed by id, and the flow table agreed */
	KATRAN_QUIC_FLOW_MISMATCH,     /* it named another backend */
	KATRAN_QUIC_FLOW_ABSENT,       /* it did not know the flow */
	KATRAN_TCP_ID_SYN,	       /* SYNs, whose ids are ignored */
	KATRAN_TCP_ID_RING,
	KATRAN_TCP_ID_ID,
	KATRAN_TCP_ID_MISMATCH,
	KATRAN_TCP_ID_INVALID,
	KATRAN_TCP_ID_UNKNOWN_BACKEND,
	KATRAN_STABLE_RING,
	KATRAN_STABLE_ID,
	KATRAN_STABLE_INVALID_ID,
	KATRAN_STABLE_UNKNOWN_BACKEND,
	KATRAN_STABLE_NO_HEADER, /* of those by the ring: without a stable routing header */
	KATRAN_QUIC_ICMP,	 /* ICMP errors about flows of QUIC VIPs */
	KATRAN_PTB_V4,		 /* "fragmentation needed" that arrived, for whomever */
	KATRAN_PTB_V4_SMALL,	 /* with an MTU below 1280 */
	KATRAN_PTB_V6,
	KATRAN_PTB_V6_SMALL,
	KATRAN_UDP_MIGRATIONS,
	KATRAN_PREFIX_MATCHES, /* packets for a VIP that stands for a prefix */
	KATRAN_CHANGE_SYNS,   /* no sum: SYNs entered in the window that began at `bytes` */
	KATRAN_CHANGE_OTHERS, /* likewise, of flows that were open before the change */
	KATRAN_FIRST_VIP_COUNTER = 64,
};

/* A VIP's counters: one cache line. */
enum katran_vip_counter {
	KATRAN_VIP_FORWARDED,	 /* bytes: IPv4 total length, IPv6 payload length */
	KATRAN_VIP_DECAPSULATED, /* of these, the ones that came in a tunnel; bytes likewise */
	KATRAN_VIP_ID_NEW,	 /* routed by a server id, unknown to the flow table */
	KATRAN_VIP_ID_MISMATCH,	 /* routed by a server id, against the flow table */
	KATRAN_COUNTERS_PER_VIP,
};

/* What a program can do beyond the plain function of the flow, besides the flags of VIPs. */
enum katran_feature {
	KATRAN_USES_GUE = 1 << 0,	       /* there are backends with KATRAN_BACKEND_GUE */
	KATRAN_USES_TOO_BIG = 1 << 1,	       /* answer what is longer than max_packet_size */
	KATRAN_USES_PREFIX_VIPS = 1 << 2,      /* the map `prefix_vips` exists */
	KATRAN_USES_TCP_SERVER_IDS = 1 << 3,   /* server ids from a TCP option */
	KATRAN_USES_DECAPSULATION = 1 << 4,    /* take tunnels off */
	KATRAN_USES_STRICT_DECAPSULATION = 1 << 5, /* but only those for us */
	KATRAN_USES_FIXED_TOS = 1 << 6,	       /* outer TOS from `tos`, not from the packet */
	KATRAN_USES_FLOWS_PER_CPU = 1 << 7,    /* the map `cpu_flows` exists */
	KATRAN_USES_CHANGES = 1 << 8,	       /* there may be slots that are not stable */
};

/* The configuration of the balancer, constant from load on: the verifier removes what is off. */
struct katran_balancer_config {
	__u32 features;		/* enum katran_feature */
	__u32 vip_flags;	/* enum katran_vip_flag: those that any VIP has */
	__u32 ring_size;	/* slots in a ring, a prime */
	__u32 hash_seed_v4;	/* max_vips * ring_size */
	__u32 hash_seed_v6;	/* max_vips */
	__u32 max_packet_size;	/* of a frame for a VIP, Ethernet header included */
	__u32 counters_per_cpu;
	__u32 first_backend_counter;
	__u32 backend_numbers;	/* there are fewer backends; entries of `watched` per CPU */
	__u32 new_flows_per_second; /* entered by one CPU at most */
	__u32 ring_lines;	/* of a ring, up to those of the previous backends */
	__u32 change_syns;	/* entered by one CPU in a change_window at most */
	__u32 change_others;	/* likewise, of flows that were open before the change */
	__u32 vip_lines;	/* where VIPs may be in the table behind `vips`: a power of two */
	__u64 change_window;	/* nanoseconds */
	__u64 udp_idle;		/* nanoseconds after which a UDP flow is not known any more */
	__u32 tos;		/* for KATRAN_USES_FIXED_TOS */
	__u32 gue_port;		/* outer UDP destination, in host byte order */
	struct katran_address source_v4; /* outer sources of GUE; zero: none */
	struct katran_address source_v6;
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
