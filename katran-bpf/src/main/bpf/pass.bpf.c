/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For the other end of a veth whose program answers with XDP_TX: the driver hands such frames over
 * at once only to an interface that has a program itself.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
