/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs the program under test in a loop inside the kernel, as a driver does: a repeated test run
 * passes each result on as the next packet, so this program takes off what the last run put on,
 * writes the headers of another flow and calls the program under test.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_WORDS 10 /* all headers of TCP over IPv6 and the start of the payload */

#define FIRST_CLIENT 0x64000000 /* 100.0.0.0/8 */
#define CLIENTS 0x00ffffff
#define FIRST_PORT 1024
#define PORT_STEP 250

/* Constant after load. The fields of a flow are zero in the headers, each within one word. */
const volatile struct {
	__u64 headers[MAX_WORDS];
	__u64 increment; /* of the random numbers, odd; 0: the flows one after another */
	__u32 words; /* of the headers */
	__u32 length; /* of the frame */
	__u32 flows;
	__u32 vips;
	__u32 client; /* offset of the last four bytes of the client's address */
	__u32 vip; /* offset of the last two bytes of the VIP's address */
	__u32 port; /* offset of the client's port */
} config SEC(".rodata.config") = {};

/* The number of the next flow, or the state of the random numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} next SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} program SEC(".maps");

/* Mixes the bits of a flow number, so that consecutive flows get unrelated addresses. */
static __always_inline __u32 scatter(__u32 number)
{
	number ^= number >> 16;
	number *= 0x7feb352d;
	number ^= number >> 15;
	number *= 0x846ca68b;
	return number ^ number >> 16;
}

static __always_inline __u32 next_flow(__u64 *state)
{
	if (!config.increment)
		return (*state)++ % config.flows;
	*state = *state * 6364136223846793005 + config.increment;
	return (*state >> 32) * config.flows >> 32;
}

/* Returns a field at its place in a word of the headers, or 0 if it is not in this word. */
static __always_inline __u64 field(__u64 value, __u32 offset, __u32 word)
{
	return word == offset / sizeof(value) ? value << offset % sizeof(value) * 8 : 0;
}

SEC("xdp")
int loop(struct xdp_md *ctx)
{
	__u64 length = (void *)(long)ctx->data_end - (void *)(long)ctx->data;
	__u32 zero = 0, flow, scattered, client, vip, port;
	__u64 *state, *words;

	barrier_var(length); /* or clang subtracts half a pointer, which the verifier refuses */
	state = bpf_map_lookup_elem(&next, &zero);
	/* also if nothing was put on, so that it takes as long with every program */
	if (!state || bpf_xdp_adjust_head(ctx, length - config.length))
		return XDP_ABORTED;
	flow = next_flow(state);
	scattered = scatter(flow);
	client = bpf_htonl(FIRST_CLIENT | (scattered & CLIENTS));
	vip = bpf_htons(flow % config.vips + 1);
	port = bpf_htons(FIRST_PORT + PORT_STEP * (scattered >> 24));

	words = (void *)(long)ctx->data;
	if ((void *)(words + config.words) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (__u32 i = 0; i < MAX_WORDS; i++) {
		if (i >= config.words)
			break;
		words[i] = config.headers[i] | field(client, config.client, i) |
			   field(vip, config.vip, i) | field(port, config.port, i);
	}
	bpf_tail_call(ctx, &program, zero);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
