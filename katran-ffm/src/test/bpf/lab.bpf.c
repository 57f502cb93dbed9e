/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object under test in katran-ffm: one map of each kind and one program per use case. */
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

/* only used if the configuration enables it */
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

/* 12 bytes, but array elements are 16 bytes apart */
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

/* Returns the configured verdict and counts the run. */
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

/* Returns the frame's receive queue and removes the frame's last byte. */
SEC("xdp")
int queue(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_tail(ctx, -1))
		return XDP_ABORTED;
	return ctx->rx_queue_index;
}

/* Returns the index of the frame's ingress interface. */
SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex;
}

/* Adds the first word of the mapped array's element 1 to its second word and returns the sum. */
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

/* Returns element 0 of the inner map at index 1, or 0 if there is no such map. */
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

/* Sends one event per frame. */
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
