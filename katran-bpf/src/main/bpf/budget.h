/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Budgets per CPU and period: they bound what strangers can make the balancer do. */
#ifndef KATRAN_BUDGET_H
#define KATRAN_BUDGET_H

#include "config.h"

#define NANOSECONDS_PER_SECOND 1000000000ULL

/*
 * Returns the time of CLOCK_MONOTONIC, in nanoseconds. The coarse clock, of Linux 5.11 and later, is
 * a few milliseconds behind and takes a fraction of the time to read.
 */
static __always_inline __u64 current_time(void)
{
	return config.features & KATRAN_USES_COARSE_CLOCK ? bpf_ktime_get_coarse_ns()
							  : bpf_ktime_get_ns();
}

/*
 * Takes one unit from this CPU's budget of `limit` per `period`. `counter` holds the count and the
 * start of the current period. Counts `limited` and returns false if the budget is spent.
 */
static __always_inline bool has_budget(__u32 counter, __u64 now, __u64 period, __u32 limit,
				       __u32 limited)
{
	struct katran_counter *account = find_own_counter(counter);

	if (!account)
		return false;
	if (now - account->bytes >= period) {
		account->bytes = now;
		account->packets = 0;
	}
	account->packets++;
	if (account->packets <= limit)
		return true;
	count_event(limited);
	return false;
}

/*
 * Takes one ICMP answer from this second's budget: RFC 4443, section 2.4(f). `counter` is the
 * account, one for errors and one for echo replies.
 */
static __always_inline bool has_answer_budget(__u32 counter)
{
	return has_budget(counter, current_time(), NANOSECONDS_PER_SECOND,
			  config.answers_per_second, KATRAN_ANSWERS_LIMITED);
}

#endif
