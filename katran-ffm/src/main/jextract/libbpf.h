/* Input of jextract: the headers of libbpf and of the kernel's BPF interface. */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
