/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The consistent-hashing rings: from a flow's hash to a backend. */
#ifndef KATRAN_RING_H
#define KATRAN_RING_H

#include "config.h"
#include "hash.h"

/*
 * The rings, indexed by the VIP's number. Replacing a ring is a single update, so a packet uses the
 * old or the new ring, never a mix. The program only reads rings and backends. They lack
 * BPF_F_RDONLY_PROG because the kernel refuses to map such maps writable. A test makes the verifier
 * confirm that the program does not write them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_MMAPABLE);
		__uint(max_entries, 1); /* set at load, equal for all rings */
		__uint(key_size, sizeof(__u32));
		__uint(value_size, sizeof(struct katran_ring_line));
	});
} rings SEC(".maps");

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

/* Returns the VIP's ring, or NULL. A packet fetches it once, so it sees no two. */
static __always_inline void *find_ring(__u32 vip_number)
{
	return bpf_map_lookup_elem(&rings, &vip_number);
}

/*
 * Returns the word at `slot` of a ring, or KATRAN_NO_BACKEND if there is no ring or the ring has no
 * such slot.
 */
static __always_inline __u32 ring_word(void *ring, __u32 slot)
{
	__u32 line_index = slot / KATRAN_SLOTS_PER_LINE;
	struct katran_ring_line *line;

	if (!ring)
		return KATRAN_NO_BACKEND;
	line = bpf_map_lookup_elem(ring, &line_index);
	if (!line)
		return KATRAN_NO_BACKEND;
	return line->slots[slot % KATRAN_SLOTS_PER_LINE];
}

/* Returns the backend that the slot had before it changed. */
static __always_inline __u32 previous_backend(void *ring, __u32 slot)
{
	return ring_word(ring, slot + config.ring_lines * KATRAN_SLOTS_PER_LINE);
}

#endif
