/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs the balancer's flow hash for its test. The frame holds an Ethernet header, the hash's seeds,
 * a flow, a ring's size and its reciprocal, and space for the hash and the slot.
 */
#include "../../../../katran-bpf/src/main/bpf/hash.h"

struct question {
	struct ethhdr eth;
	__u32 seed_v4;
	__u32 seed_v6;
	struct katran_flow flow;
	__u32 ring_size;
	__u32 ring_reciprocal;
	__u32 ring_shift;
	__u32 answer;
	__u32 slot;
} __attribute__((packed));

SEC("xdp")
int flow_hash(struct xdp_md *ctx)
{
	struct question *question = packet_data(ctx);
	struct katran_flow flow;

	if ((void *)(question + 1) > packet_end(ctx))
		return XDP_DROP;
	__builtin_memcpy(&flow, &question->flow, sizeof(flow));
	question->answer = hash_flow(&flow, question->seed_v4, question->seed_v6);
	question->slot = slot_of(question->answer, question->ring_size, question->ring_reciprocal,
				 question->ring_shift);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
