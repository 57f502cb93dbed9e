/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI between the control plane and the programs.
 *
 * clang reads this header for the programs and jextract reads it for the Java view, so it contains
 * declarations only. Addresses and ports are in network byte order. An IPv4 address takes the first
 * four bytes of an address; the other twelve are zero.
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
 * Key of a VIP. Port 0 stands for all ports. An address that answers pings has an additional entry
 * with port 0 and protocol ICMP (1, or 58 for IPv6).
 */
struct katran_vip_key {
	struct katran_address address;
	__be16 port;
	__u8 protocol;
	__u8 family; /* enum katran_family */
};

enum katran_vip_flag {
	/* do not hash the source port */
	KATRAN_VIP_HASH_NO_SOURCE_PORT = 1 << 0,
	/* hash the destination port only */
	KATRAN_VIP_HASH_DESTINATION_PORT_ONLY = 1 << 1,
	/* hash the destination port even if the VIP covers all ports */
	KATRAN_VIP_HASH_BOTH_PORTS = 1 << 2,
	/* pass packets for a local backend to the host */
	KATRAN_VIP_LOCAL = 1 << 3,
	/* route by server ids in QUIC connection ids */
	KATRAN_VIP_QUIC = 1 << 4,
	/* route by server ids in the UDP stable routing header */
	KATRAN_VIP_UDP_STABLE_ROUTING = 1 << 5,
	/* move flows off backends in the map `down` */
	KATRAN_VIP_UDP_FLOW_MIGRATION = 1 << 6,
	/* the source address may select the backend */
	KATRAN_VIP_SOURCE_ROUTING = 1 << 7,
	/* track every flow in the flow table */
	KATRAN_VIP_TRACKED = 1 << 8,
	/* count flow table misses per backend in the map `watched` */
	KATRAN_VIP_WATCHED = 1 << 9,
};

/* Key of the LPM trie `prefix_vips`: a VIP that covers all addresses of a prefix. */
struct katran_prefix_vip_key {
	__u32 prefix_length; /* in bits: 32 for the three fixed fields, plus the address prefix */
	__be16 port;
	__u8 protocol;
	__u8 family;
	struct katran_address address;
};

enum {
	KATRAN_PREFIX_VIP_FIXED_BITS = 32, /* port, protocol and family always match in full */
};

/* A VIP's number and settings. Value of the map `prefix_vips`. */
struct katran_vip {
	__u32 number; /* index of its ring and its counters */
	__u32 flags;  /* enum katran_vip_flag */
	__u32 idle;   /* seconds until an unused entry of a changed slot expires */
};

/*
 * The table in the map `vips`: a cuckoo hash table (Pagh and Rodler, 2004) that is never modified,
 * only replaced. Its buckets are called lines because each fills one cache line. A VIP is in one of
 * two lines, so a lookup reads at most two cache lines and usually one. The lines follow the hash
 * function, at index KATRAN_FIRST_VIP_LINE. An element of the inner map is the whole table or, if
 * that is more than an element may hold, one line; the memory is the same.
 */
enum {
	KATRAN_VIPS_PER_LINE = 2,
	KATRAN_FIRST_VIP_LINE = 1,
	KATRAN_VIP_KEY_WORDS = 5,
	/* of the hash's upper 32 bits, one line index starts at bit 0 and the other at this bit */
	KATRAN_SECOND_VIP_LINE_SHIFT = 15,
};

struct katran_vip_entry {
	struct katran_vip_key key; /* family 0: empty */
	struct katran_vip vip;
};

struct katran_vip_line {
	struct katran_vip_entry entries[KATRAN_VIPS_PER_LINE];
};

/*
 * Line 0 holds the hash function: each word of the key times its multiplier, plus the addend
 * (multilinear hashing, Carter and Wegman 1979; see Lemire and Kaser, "Strongly universal string
 * hashing is fast", 2014). If a set of VIPs cannot be placed with one function, the control plane
 * tries another.
 */
struct katran_vip_hash {
	__u64 multipliers[KATRAN_VIP_KEY_WORDS];
	__u64 addend;
	__u64 padding[2];
};

/*
 * A VIP's ring, value of the map `vip_rings`: a word that is read and written whole, so a packet
 * has the old or the new ring, never a mix. Its fields are the format, a base, and the place of
 * slot 0, in lines from the start of chunk 0; each chunk of the map `ring_chunks` has
 * KATRAN_RING_CHUNK bytes. 0: no ring. A ring that is larger than a chunk takes several, and starts
 * one; any other is within a chunk.
 *
 * A slot is read and written whole. What it holds:
 *
 *   without KATRAN_RING_PALETTE, 1 or 2 bytes: a backend's number, relative to the base, except that
 *       0 is KATRAN_NO_BACKEND. All slots are stable
 *   with KATRAN_RING_PALETTE, 1 or 2 bytes: an index of the palette, which is in the same chunk, as
 *       many lines behind slot 0 as the base says. An entry is a wide slot
 *   8 bytes, a wide slot: the backend's number and enum katran_slot, and in the upper half the
 *       previous backend's number. The base is 0
 *
 * The slots of a ring have few different contents, even while it changes, so most rings have a byte
 * per slot, and a palette that stays in the caches.
 */
enum {
	KATRAN_RING_CHUNK_BITS = 22, /* older kernels take no larger values */
	KATRAN_RING_CHUNK = 1 << KATRAN_RING_CHUNK_BITS,
	KATRAN_RING_LINE_BITS = 6,
	KATRAN_RING_FORMAT = 3,	      /* mask of enum katran_ring_format */
	KATRAN_RING_EXISTS = 1 << 2,  /* set in each word but 0 */
	KATRAN_RING_PALETTE = 1 << 3, /* slots are indices of the palette */
	KATRAN_RING_BASE_SHIFT = 8,   /* 24 bits */
	KATRAN_RING_LINE_SHIFT = 32,
	/* Marks an empty slot. Backend numbers start at 1, so zeroed memory is an empty ring. */
	KATRAN_NO_BACKEND = 0,
};

/* The binary logarithm of a slot's bytes. */
enum katran_ring_format {
	KATRAN_RING_8 = 0,
	KATRAN_RING_16 = 1,
	KATRAN_RING_WIDE = 3,
};

/*
 * Fields of a slot. A slot without flags is stable: all its flows are at its backend, and the flow
 * table is not looked up.
 */
enum katran_slot {
	KATRAN_SLOT_BACKEND = (1 << 24) - 1,
	/* unknown flows are older than the change and at the previous backend, except for a SYN */
	KATRAN_SLOT_CHANGING = 1 << 29,
	/* unknown flows are at the current backend; some known flows are elsewhere */
	KATRAN_SLOT_SETTLED = 1 << 30,
};

enum katran_backend_flag {
	/* destination_mac is the next hop's address; without this flag packets are dropped */
	KATRAN_BACKEND_RESOLVED = 1 << 0,
	/* the next hop is not on the interface that the packet arrived by */
	KATRAN_BACKEND_REDIRECT = 1 << 1,
	/* encapsulate in GUE instead of IPIP */
	KATRAN_BACKEND_GUE = 1 << 2,
	/* this host is the backend: packets of a VIP with KATRAN_VIP_LOCAL pass */
	KATRAN_BACKEND_LOCAL = 1 << 3,
	/* rewrite the packet's destination instead of encapsulating it */
	KATRAN_BACKEND_REWRITE = 1 << 4,
	/* replace nothing but the MAC addresses */
	KATRAN_BACKEND_DIRECT = 1 << 5,
};

/* Value of the map `backends`: everything needed to reach a backend, in one cache line. */
struct katran_backend {
	struct katran_address address;
	/* these three fields are one word, which is written and read at once */
	__u8 family; /* enum katran_family; 0: unused entry */
	__u8 flags;  /* enum katran_backend_flag */
	__u8 destination_mac[6];
	__u8 source_mac[6]; /* of the egress interface, for KATRAN_BACKEND_REDIRECT */
	__u16 room;	    /* longest packet that fits on the way, in bytes */
	__u32 egress_ifindex;
	__be16 port;	    /* of a rewritten packet; 0: the packet's own */
	__u8 padding[26];
};

/* A connection, seen from its client. Key of the flow table. */
struct katran_flow {
	struct katran_address source;
	struct katran_address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 family; /* enum katran_family of both addresses */
	__u16 zero;
};

/*
 * The flow table in the map `flows`: buckets that are one cache line each. A flow is in one bucket,
 * so a lookup reads one cache line. All CPUs share the table without locks: an entry is one word,
 * which is read and written at once. A flow's bucket and its tag are two multilinear hashes
 * (Carter and Wegman 1979; see Lemire and Kaser, "Strongly universal string hashing is fast", 2014)
 * of its words with secret keys; that of the bucket is mixed once more. For any two flows that are
 * chosen without knowing the keys, the tags are equal with a probability of 2^-33.
 */
enum {
	KATRAN_FLOWS_PER_BUCKET = 8,
	KATRAN_FLOW_WORDS = 10, /* of struct katran_flow; an IPv4 flow uses four of them */
	KATRAN_FLOW_KEYS = 11,	/* one per word, and an addend */
};

struct katran_flow_bucket {
	__u64 words[KATRAN_FLOWS_PER_BUCKET]; /* 0: empty */
};

/*
 * Fields of an entry's word, from its lowest bit: the time of the last use, flags, the backend, and
 * the tag. The time is in units of 2^KATRAN_FLOW_UNIT nanoseconds of CLOCK_MONOTONIC (1.07 s), and
 * wraps after 18 minutes. Before that, the control plane makes it coarse: in units that are
 * 2^KATRAN_FLOW_COARSE_UNIT times longer (275 s), and wrap after three days.
 */
enum {
	KATRAN_FLOW_TIME_BITS = 10,
	KATRAN_FLOW_IS_COARSE = 1 << 10,
	/* a packet has found the entry; entries without it make room for new ones first */
	KATRAN_FLOW_IS_CONFIRMED = 1 << 11,
	/* what inserted the entry began a connection */
	KATRAN_FLOW_HAS_BEGUN = 1 << 12,
	KATRAN_FLOW_BACKEND_SHIFT = 13,
	KATRAN_FLOW_BACKEND_BITS = 18,
	KATRAN_FLOW_TAG_SHIFT = 31,
	KATRAN_FLOW_UNIT = 30,
	KATRAN_FLOW_COARSE_UNIT = 8,
	/* units that a time may be ahead of a reader, whose clock was read on another CPU */
	KATRAN_FLOW_SKEW = 2,
};

/*
 * Value of the map `flow_keys`: the flow of the entry at the same place. The programs only write
 * it; the control plane reads it. It is valid if its bucket and its tag are the entry's.
 */
struct katran_flow_key {
	struct katran_flow flow;
	__u32 vip;
	__u32 zero;
};

/*
 * Keys of the LPM tries in the maps `source_routes_v4` and `tunnel_sources_v4`, and in those with
 * `v6` in their names.
 */
struct katran_source_v4 {
	__u32 prefix_length;
	__be32 address;
};

struct katran_source_v6 {
	__u32 prefix_length;
	struct katran_address address;
};

/* Key of the table in the map `down`. */
struct katran_down_key {
	__u32 vip;
	__u32 backend;
};

/*
 * Key of the table in the map `reverse`: the source of packets that a backend sends for a VIP that
 * is rewritten. Port 0 stands for all ports without a key of their own. Its values are VIP numbers.
 */
struct katran_reverse_key {
	struct katran_address address;
	__be16 port;
	__u8 protocol;
	__u8 family; /* enum katran_family */
};

/* Value of the map `vip_addresses`, by VIP number: the source of packets that clients get. */
struct katran_vip_address {
	struct katran_address address;
	__be16 port; /* 0: all ports, and that of the backend is kept */
	__u8 family; /* enum katran_family; 0: there has been no such VIP */
	__u8 padding[5];
};

/* Key of the table in the map `tunnel_ends`. Its values are enum katran_tunnel_end. */
struct katran_tunnel_end_key {
	struct katran_address address;
	__u32 family; /* enum katran_family */
};

enum katran_tunnel_end {
	KATRAN_RECIRCULATE = 1, /* balance the inner packet */
	KATRAN_EGRESS = 2,	/* send the inner packet back out; GUE only */
};

/*
 * A counter in the map `counters`: the array of all CPUs' counters, counters_per_cpu each. An
 * element of the map is a CPU's counters or, if they are more than an element may hold, a single
 * counter; the memory is the same. Each CPU is the single writer of its counters; readers add up
 * all CPUs.
 */
struct katran_counter {
	__u64 packets;
	__u64 bytes;
};

/*
 * The balancer's counters. The VIPs' counters follow, KATRAN_COUNTERS_PER_VIP each, and then the
 * backends' counters, one each.
 */
enum katran_balancer_counter {
	KATRAN_TX, /* bytes of the received frame, here and in the next two */
	KATRAN_DROP,
	KATRAN_PASS,
	/* the remaining counters count packets only */
	KATRAN_FLOW_LOOKUPS,	     /* packets looked up: not placed by a server id */
	KATRAN_FLOW_MISSES,	     /* lookups that miss; SYNs of tracked VIPs always do */
	KATRAN_FLOW_MISSES_SYN,	     /* misses that are TCP with SYN */
	KATRAN_FLOW_MISSES_TCP,	     /* misses that are TCP without SYN */
	KATRAN_FLOW_FALLBACK,	     /* accesses by a CPU without a table of its own */
	KATRAN_NEW_FLOWS,	     /* not a sum: SYNs in the second that began at `bytes` */
	KATRAN_NEW_OTHERS,	     /* the same for packets of unknown flows that begin nothing */
	KATRAN_FLOWS_LIMITED,	     /* not inserted: the second's budget spent, or no place */
	KATRAN_TOO_BIG_V4,	     /* replies that a packet is too big */
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
	KATRAN_RING_EMPTY,	     /* dropped: the slot is empty */
	KATRAN_BACKEND_UNKNOWN,	     /* dropped: no such backend, or its next hop is unresolved */
	KATRAN_QUIC_RING,	     /* neither Initial nor routed or dropped by id */
	KATRAN_QUIC_INITIAL,
	KATRAN_QUIC_ID,
	KATRAN_QUIC_VERSION_0, /* of the connection ids decoded */
	KATRAN_QUIC_VERSION_1,
	KATRAN_QUIC_VERSION_2,
	KATRAN_QUIC_VERSION_3,
	KATRAN_QUIC_INVALID_ID,	       /* ids without a backend */
	KATRAN_QUIC_INVALID_ID_SAMPLE, /* not a sum: `packets` is the latest such id */
	KATRAN_QUIC_UNKNOWN_BACKEND,   /* dropped: the id's backend was removed */
	KATRAN_QUIC_FLOW_MATCH,	       /* routed by id, and the flow table agreed */
	KATRAN_QUIC_FLOW_MISMATCH,     /* the flow table had another backend */
	KATRAN_QUIC_FLOW_ABSENT,       /* the flow was not in the flow table */
	KATRAN_TCP_ID_SYN,	       /* SYNs, for which ids are ignored */
	KATRAN_TCP_ID_RING,
	KATRAN_TCP_ID_ID,
	KATRAN_TCP_ID_MISMATCH,
	KATRAN_TCP_ID_INVALID,
	KATRAN_TCP_ID_UNKNOWN_BACKEND,
	KATRAN_STABLE_RING,
	KATRAN_STABLE_ID,
	KATRAN_STABLE_INVALID_ID,
	KATRAN_STABLE_UNKNOWN_BACKEND,
	KATRAN_STABLE_NO_HEADER, /* packets without a stable routing header */
	KATRAN_QUIC_ICMP,	 /* ICMP errors about flows of QUIC VIPs */
	KATRAN_PTB_V4,		 /* "fragmentation needed" received, for any destination */
	KATRAN_PTB_V4_SMALL,	 /* with an MTU below 1280 */
	KATRAN_PTB_V6,
	KATRAN_PTB_V6_SMALL,
	KATRAN_UDP_MIGRATIONS,
	KATRAN_PREFIX_MATCHES, /* packets matched by a prefix VIP */
	KATRAN_CHANGES_LIMITED, /* of KATRAN_FLOWS_LIMITED, the flows in changing slots */
	KATRAN_MALFORMED,     /* dropped: version or lengths are wrong, or the frame is cut short */
	KATRAN_IP_OPTIONS,    /* dropped: for a VIP, with IPv4 options */
	KATRAN_FRAGMENTS,     /* dropped: for a VIP, a fragment */
	KATRAN_ERRORS_SENT,   /* not a sum: ICMP errors in the second that began at `bytes` */
	KATRAN_REPLIES_SENT,  /* the same for echo replies */
	KATRAN_ANSWERS_LIMITED, /* dropped instead of answered: the second's budget was spent */
	KATRAN_TUNNELS_REFUSED, /* dropped on decapsulation: the inner packet is for no VIP */
	KATRAN_CONGESTED,     /* dropped on decapsulation: marked, but its sender cannot know marks */
	KATRAN_REVERSED,      /* answers of backends, sent to their clients */
	KATRAN_REVERSED_BY_HOST, /* the same, rewritten and passed to the host, which routes them */
	KATRAN_TIME_EXCEEDED, /* replies that a TTL or hop limit was spent */
	KATRAN_NOT_REWRITABLE, /* dropped: the packet and the backend differ in family */
	KATRAN_FIRST_VIP_COUNTER = 80,
};

/* A VIP's counters: one cache line. */
enum katran_vip_counter {
	KATRAN_VIP_FORWARDED,	 /* bytes: IPv4 total length, IPv6 payload length */
	KATRAN_VIP_DECAPSULATED, /* of these, packets that arrived in a tunnel */
	KATRAN_VIP_ID_NEW,	 /* routed by a server id, not in the flow table */
	KATRAN_VIP_ID_MISMATCH,	 /* routed by a server id, contrary to the flow table */
	KATRAN_COUNTERS_PER_VIP,
};

/* Features that the program may use, in addition to the VIPs' flags. */
enum katran_feature {
	KATRAN_USES_GUE = 1 << 0,	       /* some backends have KATRAN_BACKEND_GUE */
	KATRAN_USES_TOO_BIG = 1 << 1,	       /* reply to packets that are too long */
	KATRAN_USES_PREFIX_VIPS = 1 << 2,      /* the map `prefix_vips` exists */
	KATRAN_USES_TCP_SERVER_IDS = 1 << 3,   /* route by server ids in a TCP option */
	KATRAN_USES_DECAPSULATION = 1 << 4,    /* decapsulate tunneled packets */
	KATRAN_USES_STRICT_DECAPSULATION = 1 << 5, /* but only those addressed to us */
	KATRAN_USES_FIXED_TOS = 1 << 6,	       /* outer TOS is `tos`, not the packet's */
	KATRAN_USES_FLOWS_PER_CPU = 1 << 7,    /* the map `cpu_flows` exists */
	KATRAN_USES_CHANGES = 1 << 8,	       /* some slots may not be stable */
	KATRAN_USES_OWN_MAC = 1 << 9,	       /* pass frames that `own_ifindex` got for others */
	KATRAN_USES_DONT_FRAGMENT = 1 << 10,   /* copy DF to outer IPv4 headers */
	KATRAN_USES_DYNAMIC_PORTS = 1 << 11,   /* GUE source ports are 49152 and up */
	KATRAN_USES_TUNNEL_SOURCES = 1 << 12,  /* only tunnels from `tunnel_sources` end here */
	KATRAN_USES_INNER_VIPS = 1 << 13,      /* drop packets in tunnels that are for no VIP */
	KATRAN_USES_IPIP_PREFIXES = 1 << 14,   /* IPIP sources have the configured prefixes */
	KATRAN_USES_COARSE_CLOCK = 1 << 15,    /* read a clock that is as precise as a timer tick */
	KATRAN_USES_REWRITES = 1 << 16,	       /* some backends have KATRAN_BACKEND_REWRITE */
	KATRAN_USES_DIRECTS = 1 << 17,	       /* some backends have KATRAN_BACKEND_DIRECT */
	KATRAN_USES_INTERFACES = 1 << 18,      /* frames arrive by several interfaces */
};

/* An interface that frames arrive by. */
struct katran_own_interface {
	__u8 mac[8]; /* its address in the first 6 */
	__u32 ifindex; /* 0: none */
	__u32 padding;
};

enum {
	KATRAN_MORE_INTERFACES = 7, /* besides the first one */
};

/* The balancer's configuration. It is constant after load, so the verifier removes unused code. */
struct katran_balancer_config {
	__u32 features;		/* enum katran_feature */
	__u32 vip_flags;	/* union of all VIPs' enum katran_vip_flag */
	__u32 ring_size;	/* slots per ring, a prime */
	__u32 ring_reciprocal;	/* of ring_size; see slot_of() in hash.h */
	__u32 ring_shift;
	__u32 hash_seed_v4;	/* max_vips * ring_size */
	__u32 hash_seed_v6;	/* max_vips */
	__u32 max_packet_size;	/* longest frame for a VIP, with its Ethernet header */
	__u32 counters_per_cpu;
	__u32 has_counter_blocks; /* 1: an element of `counters` holds a CPU's counters */
	__u32 first_backend_counter;
	__u32 backend_numbers;	/* all backend numbers are lower; entries of `watched` per CPU */
	__u32 new_flows_per_second; /* budgets of insertions per CPU: by SYNs, and by others */
	__u32 vip_lines;	/* number of lines that hold VIPs: a power of two */
	__u32 flow_buckets;	/* number of buckets in each flow table */
	__u32 has_whole_vip_tables; /* 1: a table is one element of its map */
	__u64 udp_idle;		/* nanoseconds until an unused UDP entry expires */
	__u64 flow_tag_keys[KATRAN_FLOW_KEYS]; /* secret; see struct katran_flow_bucket */
	__u64 flow_bucket_keys[KATRAN_FLOW_KEYS];
	__u32 tos;		/* for KATRAN_USES_FIXED_TOS; its ECN bits are 0 */
	__u32 gue_port;		/* outer UDP destination port, in host byte order */
	__u32 answers_per_second; /* budget per CPU of ICMP errors, and of echo replies */
	__u32 own_ifindex;	/* the interface that the program is attached to */
	__u8 own_mac[8];	/* its address in the first 6 */
	struct katran_address source_v4; /* outer sources of GUE; zero: none */
	struct katran_address source_v6;
	struct katran_address ipip_prefix_v4; /* for KATRAN_USES_IPIP_PREFIXES: the first 2 bytes */
	struct katran_address ipip_prefix_v6; /* the first 12 bytes */
	/* for KATRAN_USES_INTERFACES and KATRAN_USES_OWN_MAC: besides `own_ifindex` */
	struct katran_own_interface more_own[KATRAN_MORE_INTERFACES];
};

/*
 * The decapsulator's counters. Bytes are those of the inner packet, counted as above, except in
 * KATRAN_DECAP_PASS.
 */
enum katran_decap_counter {
	KATRAN_DECAP_IPIP,	/* IPv4 in IPv4 */
	KATRAN_DECAP_6IN4,
	KATRAN_DECAP_4IN6,
	KATRAN_DECAP_6IN6,
	KATRAN_DECAP_GUE,	/* IPv4 or IPv6 in UDP */
	KATRAN_DECAP_PASS,	/* passed unchanged; bytes of the frame */
	KATRAN_DECAP_CONGESTED,	/* dropped: marked, but its sender cannot know marks */
	KATRAN_DECAP_COUNTERS = 8,
};

/*
 * Key of the decapsulator's LPM tries, `sources` and `inner_prefixes`, and of the source restorer's,
 * `exceptions`: a prefix of addresses of one family.
 */
struct katran_decap_prefix_key {
	__u32 prefix_length; /* in bits: 32 for the family, plus the address prefix */
	__u32 family;	     /* enum katran_family */
	struct katran_address address;
};

enum {
	KATRAN_DECAP_PREFIX_FIXED_BITS = 32, /* the family always matches in full */
};

/* The decapsulator's configuration. All zero is the strictest one for sources and inner packets. */
struct katran_decap_config {
	__u32 gue_port;		/* host byte order; 0: no GUE */
	__u32 only_listed;	/* 1: only outer destinations in the map `destinations` */
	__u32 any_source;	/* 1: also outer sources that are not in the map `sources` */
	__u32 any_inner;	/* 1: also inner destinations not in `inner_prefixes` */
};

/*
 * Key of the map `restorations`: what a server on this host answers from. Port 0 stands for all
 * ports without an entry of their own.
 */
struct katran_restore_key {
	struct katran_address address;
	__be16 port;
	__u8 protocol;
	__u8 family; /* enum katran_family */
};

/* The VIP that takes its place, of the same family. Value of the map `restorations`. */
struct katran_restoration {
	struct katran_address address;
	__be16 port; /* 0: the packet keeps its own */
	__u16 zero;
};

/*
 * The source restorer's counters. Packets are those on the wire: a packet that is to be segmented
 * counts as its segments. Bytes are those of the frames.
 */
enum katran_restore_counter {
	KATRAN_RESTORED,
	KATRAN_RESTORED_ERRORS,    /* ICMP errors; not in KATRAN_RESTORED */
	KATRAN_RESTORED_FRAGMENTS, /* of KATRAN_RESTORED, the fragments */
	KATRAN_RESTORE_FAILED,	   /* dropped: no memory to change the packet */
	KATRAN_RESTORE_COUNTERS = 4,
};

/* The source restorer's configuration. */
struct katran_restore_config {
	__u32 has_exceptions; /* 1: not for destinations in the map `exceptions` */
};

#endif
