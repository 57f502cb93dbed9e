/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Source routing: sends clients in a prefix to a fixed backend. */
#ifndef KATRAN_SOURCE_H
#define KATRAN_SOURCE_H

#include "config.h"
#include "table.h"

TABLE(source_routes_v4, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct katran_source_v4));
TABLE(source_routes_v6, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct katran_source_v6));

/*
 * Looks up the backend of the longest prefix that contains the client's address. Counts a hit or a
 * miss.
 */
static __always_inline __u32 lookup_source_route(const struct katran_flow *flow)
{
	__u32 backend;

	if (flow->family == KATRAN_IPV4) {
		struct katran_source_v4 key = {
			.prefix_length = 32,
			.address = flow->source.words[0],
		};

		backend = table_lookup(&source_routes_v4, &key);
	} else {
		struct katran_source_v6 key = {
			.prefix_length = 128,
			.address = flow->source,
		};

		backend = table_lookup(&source_routes_v6, &key);
	}
	count_event(backend ? KATRAN_SOURCE_HITS : KATRAN_SOURCE_MISSES);
	return backend;
}

#endif
