/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way towards a server, as a balancer that rewrites in place: replaces the destination of
 * packets for VIPs. The map is the source restorer's the other way round: from VIPs to servers.
 */
#include <linux/pkt_cls.h>

#include "../../../../katran-bpf/src/main/bpf/restore.h"

SEC("tc")
int to_server(struct __sk_buff *skb)
{
	__u8 family = skb->protocol == bpf_htons(ETH_P_IP) ? KATRAN_IPV4 : KATRAN_IPV6;
	const struct katran_restoration *server;
	struct ip_packet packet = {};
	__u32 checksum;
	__u64 flags;
	__be16 port;

	if (!parse_packet(skb, family, ETH_HLEN, &packet) || packet.is_later_fragment)
		return TC_ACT_UNSPEC;
	if (packet.protocol != IPPROTO_TCP && packet.protocol != IPPROTO_UDP)
		return TC_ACT_UNSPEC;
	if (!read_bytes(skb, packet.transport + 2, &port, sizeof(port)))
		return TC_ACT_UNSPEC;
	server = find_restoration(family, &packet.destination, packet.protocol, port);
	if (!server)
		return TC_ACT_UNSPEC;
	checksum = packet.transport + (packet.protocol == IPPROTO_TCP ? 16 : 6);
	flags = packet.protocol == IPPROTO_TCP ? 0 : BPF_F_MARK_MANGLED_0;
	if (bpf_l4_csum_replace(skb, checksum, 0,
				address_difference(&packet.destination, &server->address, 0),
				flags | BPF_F_PSEUDO_HDR) ||
	    bpf_l4_csum_replace(skb, checksum, port, server->port, flags | 2) ||
	    bpf_skb_store_bytes(skb, packet.transport + 2, &server->port, 2, 0) ||
	    !write_address(skb, family, packet.network, offsetof(struct iphdr, daddr),
			   offsetof(struct ipv6hdr, daddr), &packet.destination, &server->address))
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
