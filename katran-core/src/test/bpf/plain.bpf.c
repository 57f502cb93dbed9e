/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balancer compiled without any feature's code. A balancer loaded with all features off must
 * not cost more than this one.
 */
#define balancer with_features
#include "../../../../katran-bpf/src/main/bpf/balancer.bpf.c"
#undef balancer

SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	return balance_and_count(ctx, true);
}
