/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lower bound for any program that sends every frame back. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int bare_tx(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
