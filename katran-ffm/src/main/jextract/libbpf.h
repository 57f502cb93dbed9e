/* What katran-ffm uses of libbpf and of the kernel's BPF interface; input of jextract. */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
