/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Generates frames of many TCP flows in live test runs (BPF_F_TEST_XDP_LIVE_FRAMES). They leave by
 * the interface in the run's context. Buffers are recycled with arbitrary contents, so every frame
 * rewrites every byte of its headers.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FIRST_CLIENT 0x64000000 /* 100.0.0.0/8 */
#define CLIENTS 0x00ffffff

/* Constant after load. */
const volatile struct {
	__u8 destination_mac[ETH_ALEN];
	__u8 source_mac[ETH_ALEN];
	__be32 vip;
	__u32 flows; /* number of flows */
	__u16 port;
} config SEC(".rodata.config") = {};

struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

/* Mixes the bits of a flow number, so that consecutive flows get unrelated addresses. */
static __always_inline __u32 scatter(__u32 number)
{
	number ^= number >> 16;
	number *= 0x7feb352d;
	number ^= number >> 15;
	number *= 0x846ca68b;
	return number ^ number >> 16;
}

static __always_inline __sum16 checksum_of(const struct iphdr *ip)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < (int)(sizeof(*ip) / sizeof(*words)); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct headers *frame = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	__u32 flow = bpf_get_prandom_u32() % config.flows;
	struct headers headers = {};
	struct iphdr ip = {};

	if ((void *)(frame + 1) > end)
		return XDP_DROP;
#pragma unroll
	for (int i = 0; i < ETH_ALEN; i++) {
		headers.eth.h_dest[i] = config.destination_mac[i];
		headers.eth.h_source[i] = config.source_mac[i];
	}
	headers.eth.h_proto = bpf_htons(ETH_P_IP);
	ip.version = 4;
	ip.ihl = 5;
	ip.tot_len = bpf_htons(end - (void *)(long)ctx->data - sizeof(headers.eth));
	ip.ttl = 64;
	ip.protocol = IPPROTO_TCP;
	ip.saddr = bpf_htonl(FIRST_CLIENT | (scatter(flow) & CLIENTS));
	ip.daddr = config.vip;
	ip.check = checksum_of(&ip);
	headers.ip = ip;
	headers.tcp.source = bpf_htons(1024 + flow % 60000);
	headers.tcp.dest = bpf_htons(config.port);
	headers.tcp.doff = sizeof(headers.tcp) / 4;
	headers.tcp.ack = 1;
	*frame = headers;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
