/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balancer without the code of any feature: what the balancer that is loaded for no feature
 * must not cost more than.
 */
#define balancer with_features
#include "../../../../katran-bpf/src/main/bpf/balancer.bpf.c"
#undef balancer

SEC("xdp")
int balancer(struct xdp_md *ctx)
{
	return balance_and_count(ctx, true);
}
