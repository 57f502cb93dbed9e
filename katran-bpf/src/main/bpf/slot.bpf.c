/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Takes a place in an array or a dispatcher that belongs to others, and calls the program in our own
 * array. So programs are replaced without touching what belongs to others. If the process ends, the
 * kernel empties the array, and packets pass.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} slot_programs SEC(".maps");

SEC("xdp")
int katran_slot(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &slot_programs, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
