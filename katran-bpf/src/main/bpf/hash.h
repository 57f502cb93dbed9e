/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bob Jenkins' lookup3 (public domain, 2006), as the Linux kernel's jhash defines it for whole
 * words.
 */
#ifndef KATRAN_HASH_H
#define KATRAN_HASH_H

#include "packet.h"

#define JHASH_INITVAL 0xdeadbeef

static __always_inline __u32 rotate_left(__u32 word, int bits)
{
	return word << bits | word >> (32 - bits);
}

static __always_inline __u32 jhash_final(__u32 a, __u32 b, __u32 c)
{
	c = (c ^ b) - rotate_left(b, 14);
	a = (a ^ c) - rotate_left(c, 11);
	b = (b ^ a) - rotate_left(a, 25);
	c = (c ^ b) - rotate_left(b, 16);
	a = (a ^ c) - rotate_left(c, 4);
	b = (b ^ a) - rotate_left(a, 14);
	c = (c ^ b) - rotate_left(b, 24);
	return c;
}

static __always_inline __u32 jhash_2words(__u32 a, __u32 b, __u32 seed)
{
	__u32 c = JHASH_INITVAL + (2 << 2) + seed;

	return jhash_final(a + c, b + c, c);
}

static __always_inline __u32 jhash_4words(const __u32 words[4], __u32 seed)
{
	__u32 start = JHASH_INITVAL + (4 << 2) + seed;
	__u32 a = start + words[0];
	__u32 b = start + words[1];
	__u32 c = start + words[2];

	a = (a - c) ^ rotate_left(c, 4);
	c += b;
	b = (b - a) ^ rotate_left(a, 6);
	a += c;
	c = (c - b) ^ rotate_left(b, 8);
	b += a;
	a = (a - c) ^ rotate_left(c, 16);
	c += b;
	b = (b - a) ^ rotate_left(a, 19);
	a += c;
	c = (c - b) ^ rotate_left(b, 4);
	b += a;
	return jhash_final(a + words[3], b, c);
}

static __always_inline __u32 hash_source_and_ports(__u8 family, const __be32 source[4],
						   __u32 ports, __u32 seed_v4, __u32 seed_v6)
{
	__u32 word = family == KATRAN_IPV6 ? jhash_4words(source, seed_v6) : source[0];

	return jhash_2words(word, ports, seed_v4);
}

/*
 * Hashes a flow's source address and both ports. Each is loaded as a little-endian integer from its
 * bytes on the wire; the programs run on little-endian machines only.
 */
static __always_inline __u32 hash_flow(const struct katran_flow *flow, __u32 seed_v4, __u32 seed_v6)
{
	__u32 ports = (__u32)flow->destination_port << 16 | flow->source_port;

	return hash_source_and_ports(flow->family, flow->source.words, ports, seed_v4, seed_v6);
}

/*
 * Returns hash % size for any hash, without a division: the reciprocal and the shift come from
 * Granlund and Montgomery, "Division by invariant integers using multiplication", 1994, figure 4.1.
 */
static __always_inline __u32 slot_of(__u32 hash, __u32 size, __u32 reciprocal, __u32 shift)
{
	__u64 quotient = (((__u64)hash * reciprocal >> 32) + hash) >> shift;

	return hash - (__u32)quotient * size;
}

#endif
