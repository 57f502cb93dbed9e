/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads server ids from QUIC connection ids. */
#ifndef KATRAN_QUIC_H
#define KATRAN_QUIC_H

#include "config.h"
#include "packet.h"

#define QUIC_LONG_HEADER 0x80
#define QUIC_LONG_TYPE 0x30
#define QUIC_0RTT 0x10		    /* Initial is 0x00 */
#define QUIC_ID_LENGTH_OFFSET 5	    /* RFC 8999: follows the flags and the version */
#define QUIC_LONG_ID_OFFSET 6
#define QUIC_SHORT_ID_OFFSET 1
#define QUIC_ID_LENGTH 8 /* minimum length of a connection id with a server id */

/* Decodes the server id in a connection id and counts the id's version. */
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
 * Reads the server id of a QUIC packet (RFC 9000). Sets `is_initial` for a client's Initial and
 * 0-RTT packets: the client chose their connection ids, which hold no server id.
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

#endif
