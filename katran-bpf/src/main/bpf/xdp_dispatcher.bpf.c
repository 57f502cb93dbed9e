/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls up to ten programs in turn, by libxdp's protocol in version 2, so that the balancer and
 * programs that xdp-loader or others load share an interface. Names, values and the configuration's
 * layout are the protocol's:
 * https://github.com/xdp-project/xdp-tools/blob/main/lib/libxdp/protocol.org
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum {
	DISPATCHER_VERSION = 2,
	MAX_PROGRAMS = 10,
	NOT_REPLACED = 31, /* what a slot without a program returns */
};

struct xdp_dispatcher_config {
	__u8 magic;
	__u8 dispatcher_version;
	__u8 num_progs_enabled;
	__u8 is_xdp_frags;
	__u32 chain_call_actions[MAX_PROGRAMS]; /* the verdicts after which the next one is called */
	__u32 run_prios[MAX_PROGRAMS];
	__u32 program_flags[MAX_PROGRAMS];
};

const volatile struct xdp_dispatcher_config conf;

/*
 * A slot that a program replaces. Programs that move the start of the packet, or call others, only
 * replace a function that may do so: hence the call, which changes nothing.
 */
#define SLOT(number)                                                                               \
	__attribute__((noinline)) int prog##number(struct xdp_md *ctx)                             \
	{                                                                                          \
		volatile int verdict = NOT_REPLACED;                                               \
                                                                                                   \
		if (!ctx)                                                                          \
			return XDP_ABORTED;                                                        \
		bpf_xdp_adjust_tail(ctx, 0);                                                       \
		return verdict;                                                                    \
	}

SLOT(0)
SLOT(1)
SLOT(2)
SLOT(3)
SLOT(4)
SLOT(5)
SLOT(6)
SLOT(7)
SLOT(8)
SLOT(9)

#define CALL(number)                                                                               \
	do {                                                                                       \
		if (conf.num_progs_enabled <= number)                                              \
			return XDP_PASS;                                                           \
		verdict = prog##number(ctx);                                                       \
		if (!((1U << verdict) & conf.chain_call_actions[number]))                          \
			return verdict;                                                            \
	} while (0)

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	int verdict;

	CALL(0);
	CALL(1);
	CALL(2);
	CALL(3);
	CALL(4);
	CALL(5);
	CALL(6);
	CALL(7);
	CALL(8);
	CALL(9);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";

/* By this type, libxdp recognises a dispatcher. */
__uint(dispatcher_version, DISPATCHER_VERSION) SEC("xdp_metadata");
