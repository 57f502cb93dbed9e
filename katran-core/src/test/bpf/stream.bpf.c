/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends frames in live test runs (BPF_F_TEST_XDP_LIVE_FRAMES), and counts at the other end what
 * the balancer makes of them. Numbered datagrams show what is lost, and which flow moves.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_FLOWS 1024
#define FIRST_CLIENT 0x64000000 /* 100.0.0.0/8 */
#define CLIENTS 0x00ffffff
#define FIRST_PORT 1024
#define PATIENCE 5000000000ULL /* nanoseconds until a datagram counts as lost */

/* Constant after load. */
const volatile struct {
	__u8 destination_mac[ETH_ALEN];
	__u8 source_mac[ETH_ALEN];
	__be32 target;
	__u32 flows; /* of numbered datagrams, up to MAX_FLOWS */
	__u16 port;
	__u16 on_the_way; /* numbered datagrams that may be on the way */
	__u32 interval; /* between two frames, in nanoseconds */
} config SEC(".rodata.config") = {};

struct totals {
	__u64 sent; /* frames */
	__u64 arrived; /* numbered datagrams */
	__u64 skipped; /* numbers that were missing when a later one of the flow arrived */
	__u64 late; /* with a number below the last one of the flow */
	__u64 moved; /* arrivals for another backend than the one before of the flow */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

struct pace {
	__u64 start; /* when the first frame was sent */
	__u64 lost; /* datagrams that are not on the way any longer */
	__u64 waits; /* since when there is no room on the way; 0 if there is */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pace);
} paces SEC(".maps");

struct flow {
	__u32 next; /* number */
	__be32 backend;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_FLOWS);
	__type(key, __u32);
	__type(value, struct flow);
} flows SEC(".maps");

struct number {
	__u32 flow;
	__u32 number;
};

struct numbered {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct number number;
} __attribute__((packed));

struct syn {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static __always_inline void set_ethernet(struct ethhdr *eth)
{
#pragma unroll
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = config.destination_mac[i];
		eth->h_source[i] = config.source_mac[i];
	}
	eth->h_proto = bpf_htons(ETH_P_IP);
}

static __always_inline void set_ip(struct iphdr *ip, __u32 client, __u8 protocol, __u16 length)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(length);
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->saddr = bpf_htonl(FIRST_CLIENT | (client & CLIENTS));
	ip->daddr = config.target;
#pragma unroll
	for (int i = 0; i < (int)(sizeof(*ip) / sizeof(*words)); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
}

/* Returns whether the next frame is due. */
static __always_inline bool is_due(const struct totals *total, struct pace *pace)
{
	__u64 now = bpf_ktime_get_ns();

	if (!pace->start)
		pace->start = now;
	return total->sent * config.interval <= now - pace->start;
}

/* Returns whether a queue on the way has room, however slowly it is read. */
static __always_inline bool has_room(const struct totals *total, struct pace *pace)
{
	__u64 on_the_way = total->sent - total->arrived - pace->lost;
	__u64 now;

	if (on_the_way < config.on_the_way) {
		pace->waits = 0;
		return true;
	}
	now = bpf_ktime_get_ns();
	if (!pace->waits) {
		pace->waits = now;
	} else if (now - pace->waits > PATIENCE) {
		pace->lost += on_the_way;
		pace->waits = 0;
	}
	return false;
}

/*
 * Sends a datagram of one flow after the other, with the next number of the flow. A run that is
 * early, or finds no room on the way, sends nothing.
 */
SEC("xdp")
int send_numbered(struct xdp_md *ctx)
{
	struct numbered *frame = (void *)(long)ctx->data;
	struct numbered headers = {};
	struct totals *total;
	struct iphdr ip = {};
	__u32 zero = 0, flow;
	struct pace *pace;

	total = bpf_map_lookup_elem(&totals, &zero);
	pace = bpf_map_lookup_elem(&paces, &zero);
	if (!total || !pace || (void *)(frame + 1) > (void *)(long)ctx->data_end ||
	    !is_due(total, pace) || !has_room(total, pace))
		return XDP_DROP;
	flow = total->sent % config.flows;
	set_ethernet(&headers.eth);
	set_ip(&ip, flow, IPPROTO_UDP, sizeof(headers) - sizeof(headers.eth));
	headers.ip = ip;
	headers.udp.source = bpf_htons(FIRST_PORT + flow);
	headers.udp.dest = bpf_htons(config.port);
	headers.udp.len = bpf_htons(sizeof(headers.udp) + sizeof(headers.number));
	headers.number.flow = flow;
	headers.number.number = total->sent / config.flows;
	total->sent++;
	*frame = headers;
	return XDP_TX;
}

/* Sends the beginning of a connection of a random client, unless the run is early. */
SEC("xdp")
int send_syn(struct xdp_md *ctx)
{
	struct syn *frame = (void *)(long)ctx->data;
	__u32 random = bpf_get_prandom_u32(), zero = 0;
	struct syn headers = {};
	struct totals *total;
	struct iphdr ip = {};
	struct pace *pace;

	total = bpf_map_lookup_elem(&totals, &zero);
	pace = bpf_map_lookup_elem(&paces, &zero);
	if (!total || !pace || (void *)(frame + 1) > (void *)(long)ctx->data_end ||
	    !is_due(total, pace))
		return XDP_DROP;
	/* not faster after a pause: a burst would fill queues that others need */
	pace->start = bpf_ktime_get_ns() - total->sent * config.interval;
	set_ethernet(&headers.eth);
	set_ip(&ip, random, IPPROTO_TCP, sizeof(headers) - sizeof(headers.eth));
	headers.ip = ip;
	headers.tcp.source = bpf_htons(FIRST_PORT + (random >> 20));
	headers.tcp.dest = bpf_htons(config.port);
	headers.tcp.seq = random;
	headers.tcp.doff = sizeof(headers.tcp) / 4;
	headers.tcp.syn = 1;
	total->sent++;
	*frame = headers;
	return XDP_TX;
}

/* Counts numbered datagrams in IPIP, and drops all of IPv4. */
SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct arrival {
		struct ethhdr eth;
		struct iphdr outer;
		struct iphdr ip;
		struct udphdr udp;
		struct number number;
	} __attribute__((packed)) *frame = (void *)(long)ctx->data;
	struct totals *total;
	struct flow *flow;
	__u32 zero = 0, key;

	if ((void *)frame + ETH_HLEN > (void *)(long)ctx->data_end ||
	    frame->eth.h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(frame + 1) > (void *)(long)ctx->data_end ||
	    frame->outer.protocol != IPPROTO_IPIP || frame->ip.protocol != IPPROTO_UDP ||
	    frame->ip.daddr != config.target)
		return XDP_DROP;
	key = frame->number.flow;
	flow = bpf_map_lookup_elem(&flows, &key);
	total = bpf_map_lookup_elem(&totals, &zero);
	if (!flow || !total)
		return XDP_DROP;
	total->arrived++;
	if (frame->number.number < flow->next) {
		total->late++;
		return XDP_DROP;
	}
	total->skipped += frame->number.number - flow->next;
	if (flow->next && flow->backend != frame->outer.daddr)
		total->moved++;
	flow->next = frame->number.number + 1;
	flow->backend = frame->outer.daddr;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
