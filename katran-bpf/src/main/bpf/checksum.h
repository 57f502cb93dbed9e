/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The Internet checksum (RFC 1071) and its incremental update (RFC 1141, RFC 1624). */
#ifndef KATRAN_CHECKSUM_H
#define KATRAN_CHECKSUM_H

#include "packet.h"

static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static __always_inline __u16 checksum_fold_wide(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return checksum_fold(sum);
}

/* Returns the checksum of an IPv4 header without options. Its checksum field must be 0. */
static __always_inline __u16 ipv4_checksum(const struct iphdr *ip)
{
	const __u16 *words = (const __u16 *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < (int)(sizeof(*ip) / sizeof(*words)); i++)
		sum += words[i];
	return ~checksum_fold(sum);
}

/* Updates a checksum after one 16-bit word that it covers has changed from `old` to `new`. */
static __always_inline __u16 checksum_update(__u16 checksum, __u16 old, __u16 new)
{
	return checksum_fold((__u32)checksum + old + (__u16)~new);
}

/* What one hop less in the word of TTL and protocol adds to a sum: -0x0100 in one's complement. */
#define TTL_LESS_ONE bpf_htons(0xfeff)

/*
 * Updates a checksum after what it covers has changed: equation 3 of RFC 1624, which is what
 * computing it anew would give. `difference` is the sum of the new words and of the old words'
 * complements.
 */
static __always_inline __u16 checksum_patched(__u16 checksum, __u64 difference)
{
	return ~checksum_fold_wide((__u16)~checksum + difference);
}

#endif
