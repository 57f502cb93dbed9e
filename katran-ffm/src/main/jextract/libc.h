/* Input of jextract: the headers of libc and of the kernel's network interfaces. */
#define _GNU_SOURCE
#include <features.h>
/* Without GNU extensions, bind(2) takes a pointer, not a transparent union, which jextract cannot express. */
#undef __USE_GNU
#include <sys/socket.h>
#define __USE_GNU 1
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
