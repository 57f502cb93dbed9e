/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The consistent-hashing rings: from a flow's hash to a backend. */
#ifndef KATRAN_RING_H
#define KATRAN_RING_H

#include "config.h"
#include "hash.h"

/*
 * Where each VIP's ring is, indexed by the VIP's number, and the memory of the rings. Both are
 * written through memory mappings: a new ring is written to free memory, and then a single word
 * replaces the old ring. The old memory is used again only after the packets that may read it.
 *
 * The program only reads rings and backends. They lack BPF_F_RDONLY_PROG because the kernel refuses
 * to map such maps writable. A test makes the verifier confirm that the program does not write
 * them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, __u64);
} vip_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_MMAPABLE);
		__uint(max_entries, 1);
		__uint(key_size, sizeof(__u32));
		__uint(value_size, KATRAN_RING_CHUNK);
	});
} ring_chunks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, struct katran_backend);
} backends SEC(".maps");

/* Returns the backend with this number, or NULL if it does not exist or was removed. */
static __always_inline struct katran_backend *find_backend(__u32 number)
{
	struct katran_backend *backend = bpf_map_lookup_elem(&backends, &number);

	return backend && *(const volatile __u8 *)&backend->family ? backend : NULL;
}

/*
 * Reads the word that starts with `family`, at once: clang would split the load of a word in a
 * struct whose alignment is less.
 */
static __always_inline __u64 backend_word(const struct katran_backend *backend)
{
	const volatile __u64 *word = (const volatile void *)&backend->family;

	barrier_var(word);
	return *word;
}

/* A slot of a ring. */
struct ring_slot {
	__u32 word;	/* the backend and enum katran_slot */
	__u32 previous; /* the backend before the change, if the slot is changing */
};

/* Reads a slot, at once, from the chunk that holds it. */
#define READ_SLOT(type, chunk, offset)                                                           \
	(*(const volatile type *)((chunk) + ((offset) & (KATRAN_RING_CHUNK - sizeof(type)))))

/* Returns a backend's number, given relative to a ring's base. */
static __always_inline __u32 absolute(__u32 base, __u32 relative)
{
	return relative ? base + relative : KATRAN_NO_BACKEND;
}

/* Decodes a wide slot. */
static __always_inline struct ring_slot decode_wide(__u64 slot)
{
	return (struct ring_slot){
		.word = slot,
		.previous = slot >> 32,
	};
}

static __always_inline void *find_chunk(__u32 number)
{
	const __u32 first = 0;
	void *map = bpf_map_lookup_elem(&ring_chunks, &number);

	return map ? bpf_map_lookup_elem(map, &first) : NULL;
}

/*
 * Reads a slot of the VIP's ring. The result is empty if the VIP has no ring. A packet fetches its
 * ring once, so it sees no two.
 */
static __always_inline struct ring_slot read_slot(__u32 vip_number, __u32 slot)
{
	const __u64 *found = bpf_map_lookup_elem(&vip_rings, &vip_number);
	__u64 ring = found ? *(const volatile __u64 *)found : 0;
	__u32 format = ring & KATRAN_RING_FORMAT;
	__u32 base = (__u32)ring >> KATRAN_RING_BASE_SHIFT;
	__u64 line = ring >> KATRAN_RING_LINE_SHIFT;
	__u64 offset = (line << KATRAN_RING_LINE_BITS) + ((__u64)slot << format);
	/* does not wait for the slot, which is hashed meanwhile */
	__u32 number = line >> (KATRAN_RING_CHUNK_BITS - KATRAN_RING_LINE_BITS);
	struct ring_slot result = {};
	__u32 value;
	void *chunk;

	if (!ring)
		return result;
	if ((__u64)config.ring_size << KATRAN_RING_WIDE > KATRAN_RING_CHUNK)
		number = offset >> KATRAN_RING_CHUNK_BITS;
	chunk = find_chunk(number);
	if (!chunk)
		return result;
	if (format == KATRAN_RING_WIDE) {
		result = decode_wide(READ_SLOT(__u64, chunk, offset));
	} else {
		value = format == KATRAN_RING_8 ? READ_SLOT(__u8, chunk, offset)
						: READ_SLOT(__u16, chunk, offset);
		offset = ((line + base) << KATRAN_RING_LINE_BITS) + value * sizeof(__u64);
		if (ring & KATRAN_RING_PALETTE)
			result = decode_wide(READ_SLOT(__u64, chunk, offset));
		else
			result.word = absolute(base, value);
	}
	return result;
}

/* Calls read_slot(): the verifier checks this global function once, for any arguments. */
__noinline __u64 read_slot_words(__u32 vip, __u32 index)
{
	struct ring_slot slot = read_slot(vip, index);

	return slot.word | (__u64)slot.previous << 32;
}

static __always_inline struct ring_slot call_read_slot(__u32 vip, __u32 index)
{
	__u64 words = read_slot_words(vip, index);

	return (struct ring_slot){
		.word = words,
		.previous = words >> 32,
	};
}

#endif
