/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Declares a map in the style used before BTF. libbpf 1.0 and later reject the whole object. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
} old SEC("maps") = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = 4,
	.value_size = 4,
	.max_entries = 1,
};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
