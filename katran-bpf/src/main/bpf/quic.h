/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads server ids from QUIC connection ids. */
#ifndef KATRAN_QUIC_H
#define KATRAN_QUIC_H

#include "config.h"
#include "packet.h"

#define QUIC_LONG_HEADER 0x80
#define QUIC_LONG_TYPE 0x30
#define QUIC_VERSION_OFFSET 1
#define QUIC_ID_LENGTH_OFFSET 5	    /* RFC 8999: follows the flags and the version */
#define QUIC_LONG_ID_OFFSET 6
#define QUIC_SHORT_ID_OFFSET 1
#define QUIC_ID_LENGTH 8 /* minimum length of a connection id with a server id */
#define QUIC_MAX_ID_LENGTH 20 /* of QUIC versions 1 and 2 */

#define QUIC_VERSION_1 0x00000001 /* RFC 9000 */
#define QUIC_VERSION_2 0x6b3343cf /* RFC 9369 */
#define QUIC_DRAFTS 0xff0000	  /* upper 24 bits of the drafts of version 1 */
#define QUIC_MVFST 0xfaceb0	  /* upper 24 bits of mvfst's versions */

/* The types of long headers that a client sends with a connection id of its own choice. */
enum {
	QUIC_INITIAL = 0x00,
	QUIC_0RTT = 0x10,
	QUIC_V2_INITIAL = 0x10, /* RFC 9369, section 3.2 */
	QUIC_V2_0RTT = 0x20,
};

/* A UDP payload that may be a QUIC packet. */
struct quic {
	const __u8 *bytes;
	const void *end; /* of the frame, for the verifier */
	int length;	 /* as the UDP header states it */
};

/* Returns whether the first `to` bytes are there. `to` is a constant, so the verifier can follow. */
static __always_inline bool quic_has(const struct quic *quic, int to)
{
	return quic->length >= to && (const void *)(quic->bytes + to) <= quic->end;
}

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

static __always_inline __u32 quic_version(const __u8 *bytes)
{
	const __u8 *version = bytes + QUIC_VERSION_OFFSET;

	return (__u32)version[0] << 24 | version[1] << 16 | version[2] << 8 | version[3];
}

/*
 * Returns whether a long header is that of an Initial or 0-RTT packet. Only versions 1 and 2, the
 * drafts and mvfst have known types (and 0, which only servers send, is taken for 1). Of another
 * version, no more can be read than its connection ids (RFC 8999).
 */
static __always_inline bool is_client_chosen(const __u8 *bytes)
{
	__u32 version = quic_version(bytes);
	__u8 type = *bytes & QUIC_LONG_TYPE;

	if (version == QUIC_VERSION_2)
		return type == QUIC_V2_INITIAL || type == QUIC_V2_0RTT;
	if (version <= QUIC_VERSION_1 || version >> 8 == QUIC_DRAFTS || version >> 8 == QUIC_MVFST)
		return type == QUIC_INITIAL || type == QUIC_0RTT;
	return false;
}

/*
 * Reads the server id of a client's QUIC packet. Sets `is_initial` for Initial and 0-RTT packets:
 * the client chose their connection ids, which hold no server id.
 */
static __always_inline __u32 read_quic_id(const struct quic *quic, bool *is_initial)
{
	const __u8 *bytes = quic->bytes;

	if (!quic_has(quic, 1))
		return NO_SERVER_ID;
	if (!(*bytes & QUIC_LONG_HEADER)) {
		if (!quic_has(quic, QUIC_SHORT_ID_OFFSET + QUIC_ID_LENGTH))
			return NO_SERVER_ID;
		return decode_connection_id(bytes + QUIC_SHORT_ID_OFFSET);
	}
	if (!quic_has(quic, QUIC_LONG_ID_OFFSET))
		return NO_SERVER_ID;
	if (is_client_chosen(bytes)) {
		*is_initial = true;
		return NO_SERVER_ID;
	}
	if (!quic_has(quic, QUIC_LONG_ID_OFFSET + QUIC_ID_LENGTH) ||
	    bytes[QUIC_ID_LENGTH_OFFSET] < QUIC_ID_LENGTH)
		return NO_SERVER_ID;
	return decode_connection_id(bytes + QUIC_LONG_ID_OFFSET);
}

/*
 * Reads the server id of a server's QUIC packet, which an ICMP error quotes, from its source
 * connection id: that is the one which the client uses towards the server (RFC 9000, section
 * 14.4.1). Only long headers have one. It follows the destination connection id.
 */
static __always_inline __u32 read_quic_source_id(const struct quic *quic)
{
	const __u8 *bytes = quic->bytes;
	const __u8 *source;
	__u32 destination_length;

	if (!quic_has(quic, QUIC_LONG_ID_OFFSET) || !(*bytes & QUIC_LONG_HEADER))
		return NO_SERVER_ID;
	destination_length = bytes[QUIC_ID_LENGTH_OFFSET];
	if (destination_length > QUIC_MAX_ID_LENGTH ||
	    quic->length < (int)(QUIC_LONG_ID_OFFSET + destination_length + 1 + QUIC_ID_LENGTH))
		return NO_SERVER_ID;
	barrier_var(destination_length); /* keeps clang from dropping the mask, for the verifier */
	source = bytes + QUIC_LONG_ID_OFFSET + (destination_length & 0x1f);
	if ((const void *)(source + 1 + QUIC_ID_LENGTH) > quic->end || *source < QUIC_ID_LENGTH)
		return NO_SERVER_ID;
	return decode_connection_id(source + 1);
}

#endif
