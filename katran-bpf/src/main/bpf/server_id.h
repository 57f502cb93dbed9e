/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Server ids: packets that carry the name of the backend they want. */
#ifndef KATRAN_SERVER_ID_H
#define KATRAN_SERVER_ID_H

#include "config.h"
#include "table.h"

#define NO_SERVER_ID 0

/* From a server id to the number of its backend. */
TABLE(server_ids, BPF_MAP_TYPE_HASH, sizeof(__u32));

#define QUIC_LONG_HEADER 0x80
#define QUIC_LONG_TYPE 0x30
#define QUIC_0RTT 0x10		    /* and Initial is 0x00 */
#define QUIC_ID_LENGTH_OFFSET 5	    /* RFC 8999: behind the flags and the version */
#define QUIC_LONG_ID_OFFSET 6
#define QUIC_SHORT_ID_OFFSET 1
#define QUIC_ID_LENGTH 8 /* of a connection id that holds a server id */

/* The server id in a connection id, and what is counted of it. */
static __always_inline __u32 decode_connection_id(const __u8 *id)
{
	__u32 version = id[0] >> 6;

	count_event(KATRAN_QUIC_VERSION_0 + version);
	switch (version) {
	case 1:
		return (id[0] & 0x3f) << 10 | id[1] << 2 | id[2] >> 6;
	case 2:
		return id[1] << 16 | id[2] << 8 | id[3];
	case 3:
		return (__u32)id[1] << 24 | id[2] << 16 | id[3] << 8 | id[4];
	default:
		return NO_SERVER_ID;
	}
}

/*
 * The server id in a QUIC packet (RFC 9000). A client's first packets have a connection id that
 * the client made up: they are `is_initial`, and have none.
 */
static __always_inline __u32 read_quic_id(const __u8 *quic, const void *end, bool *is_initial)
{
	if ((void *)(quic + 1) > end)
		return NO_SERVER_ID;
	if (!(*quic & QUIC_LONG_HEADER)) {
		if ((void *)(quic + QUIC_SHORT_ID_OFFSET + QUIC_ID_LENGTH) > end)
			return NO_SERVER_ID;
		return decode_connection_id(quic + QUIC_SHORT_ID_OFFSET);
	}
	if ((*quic & QUIC_LONG_TYPE) <= QUIC_0RTT) {
		*is_initial = true;
		return NO_SERVER_ID;
	}
	if ((void *)(quic + QUIC_LONG_ID_OFFSET + QUIC_ID_LENGTH) > end ||
	    quic[QUIC_ID_LENGTH_OFFSET] < QUIC_ID_LENGTH)
		return NO_SERVER_ID;
	return decode_connection_id(quic + QUIC_LONG_ID_OFFSET);
}

#define STABLE_ROUTING_TYPE 0x52
#define STABLE_ROUTING_LENGTH 8

/* The server id in a stable routing header; `is_there` tells whether there is such a header. */
static __always_inline __u32 read_stable_id(const __u8 *header, const void *end, bool *is_there)
{
	*is_there = (void *)(header + STABLE_ROUTING_LENGTH) <= end &&
		    header[0] == STABLE_ROUTING_TYPE;
	if (!*is_there)
		return NO_SERVER_ID;
	return header[1] << 16 | header[2] << 8 | header[3];
}

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_SERVER_ID 0xb7
#define TCP_OPTION_SERVER_ID_LENGTH 6
#define TCP_MAX_OPTIONS 15

/*
 * The server id among the options of the TCP header that starts `offset` bytes into the frame. Not
 * inline: the loop is verified once.
 */
static __noinline __u32 read_tcp_id(struct xdp_md *ctx, __u32 offset)
{
	struct tcphdr *tcp = packet_data(ctx) + (offset & 0x3f);
	void *end = packet_end(ctx);
	__u32 at = sizeof(*tcp);
	__u32 header_length;

	if ((void *)(tcp + 1) > end)
		return NO_SERVER_ID;
	header_length = tcp->doff * 4;
	for (int i = 0; i < TCP_MAX_OPTIONS && at < header_length; i++) {
		__u8 *option;

		barrier_var(at); /* or clang knows that the mask has no effect, and leaves it out */
		option = (__u8 *)tcp + (at & 0x3f);
		if ((void *)(option + 1) > end || *option == TCP_OPTION_END)
			return NO_SERVER_ID;
		if (*option == TCP_OPTION_NOP) {
			at++;
			continue;
		}
		if ((void *)(option + 2) > end || at + option[1] > header_length)
			return NO_SERVER_ID;
		if (*option == TCP_OPTION_SERVER_ID && option[1] == TCP_OPTION_SERVER_ID_LENGTH) {
			if ((void *)(option + TCP_OPTION_SERVER_ID_LENGTH) > end)
				return NO_SERVER_ID;
			return option[2] | option[3] << 8 | option[4] << 16 | (__u32)option[5] << 24;
		}
		at += option[1];
	}
	return NO_SERVER_ID;
}

#endif
