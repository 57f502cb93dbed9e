/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table: looks up, inserts and marks entries. katran.h describes its memory.
 *
 * CPUs share the table without locks. Two that write the same place at the same time leave the
 * entry of one of them; the other flow is looked up as unknown. The key may then be the other
 * flow's, which the control plane notices by the tag, until the flow's next packet writes it anew.
 *
 * A new entry takes the first of these places in its bucket:
 * 1. its flow's own,
 * 2. an empty one,
 * 3. that of the oldest one that a SYN inserted more than a second ago and no packet has used since:
 *    a flood of SYNs evicts itself only, and no handshake that takes less,
 * 4. if the packet begins nothing: that of the oldest other one that no further packet has used,
 * 5. the oldest of those unused for longer than the packet's `patience`.
 * Otherwise it is not inserted.
 */
#ifndef KATRAN_FLOW_TABLE_H
#define KATRAN_FLOW_TABLE_H

#include "config.h"
#include "ring.h"

#define FLOW_MIX 0x9e3779b97f4a7c15 /* 2^64 divided by the golden ratio */
#define FLOW_TIME_MASK ((1 << KATRAN_FLOW_TIME_BITS) - 1)
#define FLOW_BACKEND_MASK ((1 << KATRAN_FLOW_BACKEND_BITS) - 1)

/* The shared table. Mapped by user space, which writes it as well. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__type(value, struct katran_flow_bucket);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* set at load: KATRAN_FLOWS_PER_BUCKET for each bucket */
	__type(key, __u32);
	__type(value, struct katran_flow_key);
} flow_keys SEC(".maps");

/* Tables of the forwarding CPUs, each in the memory of its CPU's node. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_MMAPABLE);
		__uint(max_entries, 1); /* set at load */
		__uint(key_size, sizeof(__u32));
		__uint(value_size, sizeof(struct katran_flow_bucket));
	});
} cpu_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* set at load */
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(map_flags, BPF_F_MMAPABLE);
		__uint(max_entries, 1); /* set at load */
		__uint(key_size, sizeof(__u32));
		__uint(value_size, sizeof(struct katran_flow_key));
	});
} cpu_flow_keys SEC(".maps");

/* The bucket of a flow, and its tag in the bits that it has in a word. */
struct flow_place {
	__u64 tag;
	__u32 bucket;
};

/* A flow and its place. */
struct placed_flow {
	struct flow_place place;
	struct katran_flow_key key;
};

/*
 * The flow that a CPU is working on, where it needs memory: functions have little stack, and before
 * Linux 5.12 global functions take no pointers to structs. XDP programs run with softirqs disabled,
 * so a CPU has one packet at a time. In test runs, older kernels leave them enabled.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct placed_flow);
} current_flow SEC(".maps");

static __always_inline struct placed_flow *find_current_flow(void)
{
	const __u32 first = 0;

	return bpf_map_lookup_elem(&current_flow, &first);
}

/* Copies a flow in whole words: a CPU is slow to load a word that it has just stored in parts. */
static __always_inline void copy_flow(struct katran_flow *to, const struct katran_flow *from)
{
	to->source = from->source;
	to->destination = from->destination;
	*(__u32 *)&to->source_port = from->source_port | (__u32)from->destination_port << 16;
	*(__u32 *)&to->protocol = from->protocol | (__u32)from->family << 8;
}

/* Hashes a flow; the result is in the upper 33 bits. Words that are 0 in IPv4 flows are skipped. */
static __always_inline __u64 multilinear(const volatile __u64 keys[KATRAN_FLOW_KEYS],
					 const struct katran_flow *flow)
{
	__u64 hash = keys[10] + keys[0] * flow->source.words[0] +
		     keys[4] * flow->destination.words[0] +
		     keys[8] * (flow->source_port | (__u32)flow->destination_port << 16) +
		     keys[9] * (flow->protocol | (__u32)flow->family << 8);

	if (flow->family == KATRAN_IPV4)
		return hash;
#pragma unroll
	for (int i = 1; i < 4; i++)
		hash += keys[i] * flow->source.words[i] + keys[4 + i] * flow->destination.words[i];
	return hash;
}

static __always_inline struct flow_place place_of(const struct katran_flow *flow)
{
	__u64 tag = multilinear(config.flow_tag_keys, flow);
	__u64 hash = multilinear(config.flow_bucket_keys, flow);

	/* a linear function would spread the ports of a client evenly with some keys, badly with others */
	hash = (hash ^ hash >> 32) * FLOW_MIX >> 32;
	return (struct flow_place){
		.tag = tag >> KATRAN_FLOW_TAG_SHIFT << KATRAN_FLOW_TAG_SHIFT,
		.bucket = hash * config.flow_buckets >> 32,
	};
}

/* Makes a flow this CPU's current one. */
static __always_inline void set_current_flow(const struct katran_flow *flow, __u32 vip)
{
	struct placed_flow *current = find_current_flow();

	if (!current)
		return;
	current->place = place_of(flow);
	copy_flow(&current->key.flow, flow);
	current->key.vip = vip;
}

/* Returns this CPU's table in a map of tables, or the shared one if it has none. */
static __always_inline void *flow_table(void *cpu_tables, void *shared)
{
	struct katran_counter *fallbacks;
	__u32 cpu;
	void *own;

	if (!(config.features & KATRAN_USES_FLOWS_PER_CPU))
		return shared;
	cpu = bpf_get_smp_processor_id();
	own = bpf_map_lookup_elem(cpu_tables, &cpu);
	if (own)
		return own;
	fallbacks = find_own_counter(KATRAN_FLOW_FALLBACK); /* a call would take stack */
	if (fallbacks)
		add_packet(fallbacks, 0);
	return shared;
}

static __always_inline struct katran_flow_bucket *find_bucket(const struct flow_place *place)
{
	return bpf_map_lookup_elem(flow_table(&cpu_flows, &flows), &place->bucket);
}

static __always_inline __u32 word_backend(__u64 word)
{
	return word >> KATRAN_FLOW_BACKEND_SHIFT & FLOW_BACKEND_MASK;
}

/*
 * The functions that choose one of a bucket's eight words have no branches: the verifier would
 * follow each both ways, for each word. They compute with masks, which are all ones or 0.
 */

/* Returns whether `a` is greater. Both must be less than 2^63. */
static __always_inline __u64 is_greater(__u64 a, __u64 b)
{
	__u64 mask = b - a;

	barrier_var(mask); /* clang would make branches */
	mask >>= 63;
	barrier_var(mask);
	return -mask;
}

/* Linux 6.18 branches where a mask meets a constant, so neither `yes` nor `no` may stand alone. */
static __always_inline __u64 select(__u64 mask, __u64 yes, __u64 no)
{
	__u64 difference = yes ^ no;

	barrier_var(difference);
	return no ^ (difference & mask);
}

static __always_inline __u64 has_tag(__u64 word, __u64 tag)
{
	return is_greater(1, (word ^ tag) >> KATRAN_FLOW_TAG_SHIFT);
}

/* Returns for how many units the word was unused at least. The actual time is up to 2 units more. */
static __always_inline __u64 unused_units(__u64 word, __u64 now)
{
	__u64 shift = (word & KATRAN_FLOW_IS_COARSE) *
		      KATRAN_FLOW_COARSE_UNIT / KATRAN_FLOW_IS_COARSE;
	/* one more: both times were rounded down */
	const __u64 early = KATRAN_FLOW_SKEW + 1;
	__u64 age = ((now >> KATRAN_FLOW_UNIT >> shift) - word + KATRAN_FLOW_SKEW) & FLOW_TIME_MASK;

	return (is_greater(age, early) & (age - early)) << shift;
}

/* Returns whether the program has a flow table. Global functions are checked even if it has not. */
static __always_inline bool has_flow_table(void)
{
	return config.features & KATRAN_USES_CHANGES || config.vip_flags & KATRAN_VIP_TRACKED;
}

/* Returns the word of a flow, or 0. */
static __always_inline __u64 find_word(const struct katran_flow_bucket *bucket, __u64 tag)
{
#pragma unroll
	for (int i = 0; i < KATRAN_FLOWS_PER_BUCKET; i++) {
		__u64 word = *(const volatile __u64 *)&bucket->words[i];

		if (!((word ^ tag) >> KATRAN_FLOW_TAG_SHIFT))
			return word;
	}
	return 0;
}

/*
 * Returns the word of the flow's live entry, or 0. An entry is stale if it was unused for longer
 * than `idle` or if its backend has been removed. Global: the verifier checks this function once for
 * any arguments, and not again for each state that a packet may be in.
 */
__noinline __u64 find_live_word(__u64 tag, __u32 bucket, __u64 now, __u64 idle)
{
	const struct flow_place place = {
		.tag = tag,
		.bucket = bucket,
	};
	const struct katran_flow_bucket *entries;
	__u64 word;

	if (!has_flow_table())
		return 0;
	entries = find_bucket(&place);
	word = entries ? find_word(entries, tag) : 0;
	if (!word || unused_units(word, now) << KATRAN_FLOW_UNIT > idle ||
	    !find_backend(word_backend(word)))
		return 0;
	return word;
}

/* Returns a word with this backend and this time of its last use. */
static __always_inline __u64 flow_word(__u64 tag, __u64 backend, __u64 now)
{
	return tag | (backend & FLOW_BACKEND_MASK) << KATRAN_FLOW_BACKEND_SHIFT |
	       (now >> KATRAN_FLOW_UNIT & FLOW_TIME_MASK);
}

static __always_inline void write_key(const struct placed_flow *flow, __u64 place)
{
	__u32 index = flow->place.bucket * KATRAN_FLOWS_PER_BUCKET + place;
	struct katran_flow_key *key =
		bpf_map_lookup_elem(flow_table(&cpu_flow_keys, &flow_keys), &index);

	if (key)
		*key = flow->key;
}

/* Returns the bucket of the current flow. Returns NULL if the program has no flow table. */
static __always_inline struct katran_flow_bucket *current_bucket(const struct placed_flow *flow)
{
	if (!flow || !has_flow_table())
		return NULL;
	return find_bucket(&flow->place);
}

/*
 * Replaces the current flow's word. Writes the key again when the word is confirmed: two CPUs may
 * have inserted at the same place. Global: see find_live_word(). Linux before 6.8 checks global
 * functions even if they are never called.
 */
__noinline int replace_current_word(__u64 word, __u32 is_confirmed_now)
{
	struct placed_flow *flow = find_current_flow();
	struct katran_flow_bucket *bucket = current_bucket(flow);
	__u64 place = KATRAN_FLOWS_PER_BUCKET;

	if (!bucket)
		return 0;
#pragma unroll
	for (int i = KATRAN_FLOWS_PER_BUCKET - 1; i >= 0; i--) {
		if (!((bucket->words[i] ^ word) >> KATRAN_FLOW_TAG_SHIFT))
			place = i;
	}
	if (place >= KATRAN_FLOWS_PER_BUCKET)
		return 0;
	if (is_confirmed_now)
		write_key(flow, place);
	*(volatile __u64 *)&bucket->words[place] = word;
	return 0;
}

/*
 * Returns the word as it is after this use. A packet confirms the entry unless it begins the flow
 * again.
 */
static __always_inline __u64 used_word(__u64 word, __u64 now, bool begins)
{
	__u64 tag = word >> KATRAN_FLOW_TAG_SHIFT << KATRAN_FLOW_TAG_SHIFT;
	__u64 flags = word & (KATRAN_FLOW_IS_CONFIRMED | KATRAN_FLOW_HAS_BEGUN);

	if (!begins)
		flags |= KATRAN_FLOW_IS_CONFIRMED;
	return flow_word(tag, word_backend(word), now) | flags;
}

/* Marks the current flow's entry as used now. */
static __always_inline void use_current_word(__u64 word, __u64 now, bool begins)
{
	__u64 used = used_word(word, now, begins);

	if (used != word)
		replace_current_word(used, (used ^ word) & KATRAN_FLOW_IS_CONFIRMED);
}

/*
 * Returns how well the place of a word suits a new entry: the most suitable has the highest number;
 * 0 does not suit.
 */
static __always_inline __u64 suitability(__u64 word, __u64 tag, __u64 now, __u64 patience,
					 __u64 begins)
{
	__u64 unused = unused_units(word, now);
	__u64 was_used = word & KATRAN_FLOW_IS_CONFIRMED;
	__u64 unconfirmed = is_greater(1, was_used) & is_greater(unused, 0);
	__u64 has_begun = is_greater(word & KATRAN_FLOW_HAS_BEGUN, 0);
	__u64 suits = is_greater(unused << KATRAN_FLOW_UNIT, patience) & unused;

	suits = select(unconfirmed & ~begins, ((__u64)1 << 32) + unused, suits);
	suits = select(unconfirmed & has_begun, ((__u64)2 << 32) + unused, suits);
	suits = select(is_greater(1, word << 1 >> 1 | word >> 63), (__u64)3 << 32, suits);
	return select(has_tag(word, tag), (__u64)4 << 32, suits);
}

/*
 * Inserts the current flow, or replaces its entry. Returns whether there was a place; see the top of
 * this file. Global: see replace_current_word().
 */
__noinline int insert_current_flow(__u32 backend, __u64 now, __u64 patience, __u32 has_begun)
{
	__u64 begins = is_greater(has_begun, 0);
	struct placed_flow *flow = find_current_flow();
	struct katran_flow_bucket *bucket = current_bucket(flow);
	const __u64 last = KATRAN_FLOWS_PER_BUCKET - 1;
	__u64 best = 0;
	__u64 place;

	if (!bucket)
		return 0;
#pragma unroll
	for (int i = 0; i < KATRAN_FLOWS_PER_BUCKET; i++) {
		__u64 suits =
			suitability(bucket->words[i], flow->place.tag, now, patience, begins);

		suits = suits * KATRAN_FLOWS_PER_BUCKET + last - i; /* the first of equals */
		best = select(is_greater(suits, best), suits, best);
	}
	if (best < KATRAN_FLOWS_PER_BUCKET) {
		count_event(KATRAN_FLOWS_LIMITED);
		return 0;
	}
	place = last - best % KATRAN_FLOWS_PER_BUCKET;
	write_key(flow, place);
	*(volatile __u64 *)&bucket->words[place] =
		flow_word(flow->place.tag, backend, now) | (begins & KATRAN_FLOW_HAS_BEGUN);
	return 1;
}

/*
 * Returns the word of the current flow's live entry, and marks it as used now if it has this
 * backend, or if `backend` is KATRAN_NO_BACKEND. Global: see find_live_word().
 */
__noinline __u64 use_current_flow(__u64 now, __u64 idle, __u32 backend)
{
	const struct placed_flow *flow = find_current_flow();
	__u64 word;

	if (!flow || !has_flow_table())
		return 0;
	word = find_live_word(flow->place.tag, flow->place.bucket, now, idle);
	if (word && (backend == KATRAN_NO_BACKEND || backend == word_backend(word)))
		use_current_word(word, now, false);
	return word;
}

#endif
