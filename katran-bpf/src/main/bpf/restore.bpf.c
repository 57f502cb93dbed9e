/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Restores the source of answers on a backend's host. The balancer has rewritten the packets'
 * destination from a VIP to this host, whose server answers from the host's address. This program
 * makes the VIP the source of the answer, which then goes to the client directly.
 *
 * It runs where packets leave an interface, behind routing and netfilter. All other packets pass
 * unchanged, and other programs on the interface run as well.
 */
#include <linux/pkt_cls.h>

#include "counters.h"
#include "restore.h"
#include "restore_error.h"

/* Which datagram a fragment belongs to: RFC 791 and RFC 8200. */
struct fragment_key {
	struct katran_address source;
	struct katran_address destination;
	__u32 identification;
	__u8 protocol;
	__u8 family;
	__u16 zero;
};

/*
 * The sources of datagrams in fragments. Only the first fragment has ports. This host sends it
 * before the others, so it leaves its VIP here for them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set at load */
	__type(key, struct fragment_key);
	__type(value, struct katran_address);
} fragments SEC(".maps");

static __always_inline void count_packets(const struct __sk_buff *skb, __u32 counter)
{
	struct katran_counter *value = find_counter(counter, KATRAN_RESTORE_COUNTERS);

	if (value) {
		value->packets += skb->gso_segs ? skb->gso_segs : 1;
		value->bytes += skb->wire_len;
	}
}

static __always_inline int done(const struct __sk_buff *skb, const struct ip_packet *packet)
{
	count_packets(skb, KATRAN_RESTORED);
	if (packet->is_fragment)
		count_packets(skb, KATRAN_RESTORED_FRAGMENTS);
	return TC_ACT_UNSPEC;
}

/* With the server's address as its source, the client would reset the connection. */
static __always_inline int fail(const struct __sk_buff *skb)
{
	count_packets(skb, KATRAN_RESTORE_FAILED);
	return TC_ACT_SHOT;
}

static __always_inline void set_fragment_key(const struct ip_packet *packet,
					     struct fragment_key *key)
{
	key->source = packet->source;
	key->destination = packet->destination;
	key->identification = packet->identification;
	key->protocol = packet->protocol;
	key->family = packet->family;
}

/* Notes the VIP of a datagram in fragments, or that it has none: identifications recur. */
static __noinline void note_fragment(const struct ip_packet *packet,
				     const struct katran_restoration *vip)
{
	struct fragment_key key = {};

	set_fragment_key(packet, &key);
	if (vip)
		bpf_map_update_elem(&fragments, &key, &vip->address, BPF_ANY);
	else
		bpf_map_delete_elem(&fragments, &key);
}

/* Restores the source of a fragment other than the first, which no checksum but IPv4's covers. */
static __noinline int restore_later_fragment(struct __sk_buff *skb, const struct ip_packet *packet)
{
	const struct katran_address *vip;
	struct fragment_key key = {};

	set_fragment_key(packet, &key);
	vip = bpf_map_lookup_elem(&fragments, &key);
	if (!vip)
		return TC_ACT_UNSPEC;
	return write_source(skb, packet, vip) ? done(skb, packet) : fail(skb);
}

static __always_inline int restore_transport(struct __sk_buff *skb, const struct ip_packet *packet)
{
	__u32 header = packet->protocol == IPPROTO_TCP ? sizeof(struct tcphdr)
						       : sizeof(struct udphdr);
	const struct katran_restoration *vip;
	__be16 port;

	if (packet->is_later_fragment)
		return restore_later_fragment(skb, packet);
	if (!read_bytes(skb, packet->transport, &port, sizeof(port)) ||
	    skb->len < packet->transport + header)
		return TC_ACT_UNSPEC;
	vip = find_restoration(packet->family, &packet->source, packet->protocol, port);
	if (vip && is_exception(packet))
		vip = NULL;
	if (packet->is_fragment)
		note_fragment(packet, vip);
	if (!vip)
		return TC_ACT_UNSPEC;
	return restore_source(skb, packet, port, vip) ? done(skb, packet) : fail(skb);
}

static __always_inline int restore_message(struct __sk_buff *skb, const struct ip_packet *packet)
{
	int changed = restore_error(skb, packet);

	if (changed < 0)
		return fail(skb);
	if (changed)
		count_packets(skb, KATRAN_RESTORED_ERRORS);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int restore(struct __sk_buff *skb)
{
	struct ip_packet packet = {};
	__u8 family;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		family = KATRAN_IPV4;
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		family = KATRAN_IPV6;
	else
		return TC_ACT_UNSPEC;
	if (!parse_packet(skb, family, ETH_HLEN, &packet))
		return TC_ACT_UNSPEC;
	if (packet.protocol == IPPROTO_TCP || packet.protocol == IPPROTO_UDP)
		return restore_transport(skb, &packet);
	if (packet.protocol == (family == KATRAN_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) &&
	    !packet.is_fragment)
		return restore_message(skb, &packet);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
