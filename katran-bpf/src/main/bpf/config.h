/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration that the balancer was loaded with. */
#ifndef KATRAN_CONFIG_H
#define KATRAN_CONFIG_H

#include "counters.h"
#include "packet.h"

/* Features that leave a packet's way straight, so the plain program has them, too. */
#define PLAIN_FEATURES                                                                           \
	(KATRAN_USES_TOO_BIG | KATRAN_USES_CHANGES | KATRAN_USES_OWN_MAC |                       \
	 KATRAN_USES_DONT_FRAGMENT | KATRAN_USES_DYNAMIC_PORTS | KATRAN_USES_IPIP_PREFIXES |     \
	 KATRAN_USES_GUE | KATRAN_USES_COARSE_CLOCK | KATRAN_USES_REWRITES |                      \
	 KATRAN_USES_DIRECTS | KATRAN_USES_INTERFACES)

/* Constant after load: the verifier removes the branches that it disables. */
const volatile struct katran_balancer_config config SEC(".rodata.config") = {};

static __always_inline bool uses(const struct packet *packet, enum katran_feature feature)
{
	return (!packet->is_plain || feature & PLAIN_FEATURES) && config.features & feature;
}

/*
 * Returns whether any VIP has one of the flags. If none has, the code that handles them is removed.
 */
static __always_inline bool any_vip_has(const struct packet *packet, __u32 flags)
{
	return !packet->is_plain && config.vip_flags & flags;
}

/* Returns whether the packet's VIP has the flag. */
static __always_inline bool vip_has(const struct packet *packet, __u32 flag)
{
	return any_vip_has(packet, flag) && packet->vip_flags & flag;
}

/* Returns this CPU's counters, with config.has_counter_blocks. */
static __always_inline struct katran_counter *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counters, &cpu);
}

/* Returns a counter of this CPU, or NULL. */
static __always_inline struct katran_counter *find_own_counter(__u32 counter)
{
	struct katran_counter *own;

	if (!config.has_counter_blocks)
		return find_counter(counter, config.counters_per_cpu);
	own = own_counters();
	return own && counter < config.counters_per_cpu ? own + counter : NULL;
}

/*
 * Adds one packet of `bytes` to a counter in this CPU's block. The index is checked and used in one
 * register: Linux 6.1 forgets the bound of one that is loaded again from the stack.
 */
static __always_inline void count_in_block(const struct packet *packet, __u32 counter, __u64 bytes)
{
	__u32 end = config.counters_per_cpu;
	__u64 index = counter;

	barrier_var(index);
	if (index < end)
		add_packet(packet->counters + index, bytes);
}

/* Adds one packet of `bytes` to a counter of this CPU. */
static __always_inline void count_own(const struct packet *packet, __u32 counter, __u64 bytes)
{
	if (config.has_counter_blocks)
		count_in_block(packet, counter, bytes);
	else
		count(counter, config.counters_per_cpu, bytes);
}

/*
 * Counts an event, without bytes. Not inline: most events are rare and must not lengthen the path
 * of other packets. Global: the verifier checks it once and not at each call.
 */
__noinline int count_event(__u32 counter)
{
	struct katran_counter *value = find_own_counter(counter);

	if (value)
		add_packet(value, 0);
	return 0;
}

static __always_inline __u32 vip_counter(const struct packet *packet,
					 enum katran_vip_counter event)
{
	return KATRAN_FIRST_VIP_COUNTER + packet->vip * KATRAN_COUNTERS_PER_VIP + event;
}

static __always_inline void count_vip(const struct packet *packet, enum katran_vip_counter event,
				      __u64 bytes)
{
	count_own(packet, vip_counter(packet, event), bytes);
}

#endif
