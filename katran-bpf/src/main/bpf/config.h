/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration that the balancer was loaded with. */
#ifndef KATRAN_CONFIG_H
#define KATRAN_CONFIG_H

#include "counters.h"
#include "packet.h"

/* Features that leave a packet's way straight, so the plain program has them, too. */
#define PLAIN_FEATURES                                                                           \
	(KATRAN_USES_TOO_BIG | KATRAN_USES_CHANGES | KATRAN_USES_OWN_MAC |                       \
	 KATRAN_USES_DONT_FRAGMENT | KATRAN_USES_DYNAMIC_PORTS | KATRAN_USES_IPIP_PREFIXES)

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

/*
 * Counts an event, without bytes. Not inline: most events are rare and must not lengthen the path
 * of other packets.
 */
static __noinline void count_event(__u32 counter)
{
	count(counter, config.counters_per_cpu, 0);
}

static __always_inline void count_vip(const struct packet *packet, enum katran_vip_counter event,
				      __u64 bytes)
{
	count(KATRAN_FIRST_VIP_COUNTER + packet->vip * KATRAN_COUNTERS_PER_VIP + event,
	      config.counters_per_cpu, bytes);
}

#endif
