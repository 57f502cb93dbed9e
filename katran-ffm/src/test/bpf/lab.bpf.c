/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of katran-ffm try their hands on: a map of each kind, a program for each use. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct config {
	__u32 verdict;
	__u32 use_optional;
};

struct event {
	__u32 number;
	__u32 length;
};

const volatile struct config config SEC(".rodata.config") = { .verdict = XDP_PASS };
const volatile __u32 plain_constant = 7;
__u64 runs;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

/* referred to only if the configuration says so */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} optional SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} per_cpu SEC(".maps");

/* 12 bytes: 16 apart in memory */
struct triple {
	__u32 words[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct triple);
} mapped SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* Returns the configured verdict, and counts. */
SEC("xdp")
int verdict(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 one = 1;
	__u32 *count;

	count = bpf_map_lookup_elem(&per_cpu, &key);
	if (count)
		*count += 1;
	if (config.use_optional)
		bpf_map_update_elem(&optional, &key, &one, BPF_ANY);
	__sync_fetch_and_add(&runs, 1);
	return config.verdict;
}

/* Returns the queue the frame came in by, and cuts the frame's last byte off. */
SEC("xdp")
int queue(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_tail(ctx, -1))
		return XDP_ABORTED;
	return ctx->rx_queue_index;
}

/* Returns the interface the frame came in by. */
SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex;
}

/* Element 1 of the mapped array: adds the first word to the second. */
SEC("xdp")
int add_mapped(struct xdp_md *ctx)
{
	__u32 key = 1;
	struct triple *triple = bpf_map_lookup_elem(&mapped, &key);

	if (!triple)
		return XDP_ABORTED;
	triple->words[1] += triple->words[0];
	return triple->words[1];
}

/* Returns element 0 of the inner map at 1, or 0 if there is none. */
SEC("xdp")
int read_inner(struct xdp_md *ctx)
{
	__u32 key = 1;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	__u32 *value;

	if (!inner)
		return 0;
	key = 0;
	value = bpf_map_lookup_elem(inner, &key);
	return value ? *value : 0;
}

/* Sends an event of each frame. */
SEC("xdp")
int report(struct xdp_md *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return XDP_DROP;
	event->number = 4711;
	event->length = ctx->data_end - ctx->data;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
