/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A host's own program, which calls those in an array and passes packets that none takes. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} dispatched SEC(".maps");

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &dispatched, 1);
	bpf_tail_call(ctx, &dispatched, 2);
	return XDP_PASS;
}

/* The same for frames in several buffers. */
SEC("xdp.frags")
int dispatch_frags(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &dispatched, 2);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
