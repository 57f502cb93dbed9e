/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads server ids from a TCP option. */
#ifndef KATRAN_TCP_OPTION_H
#define KATRAN_TCP_OPTION_H

#include "packet.h"

#define TCP_OPTION_END 0
#define TCP_OPTION_NOP 1
#define TCP_OPTION_SERVER_ID 0xb7
#define TCP_OPTION_SERVER_ID_LENGTH 6
#define TCP_MAX_OPTIONS 15

/*
 * Reads the server id from the options of the TCP header that starts `offset` bytes into the frame.
 * Global, so that the verifier checks the loop once and not for each state that a packet may be in.
 */
__noinline __u32 read_tcp_id(struct xdp_md *ctx, __u32 offset)
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

		barrier_var(at); /* keeps clang from dropping the mask, which the verifier needs */
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
			return option[2] | option[3] << 8 | option[4] << 16 |
			       (__u32)option[5] << 24;
		}
		at += option[1];
	}
	return NO_SERVER_ID;
}

#endif
