/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the packet without a bounds check, which every verifier rejects. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int fine(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int careless(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	return data[12];
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
