package dev.katran.internal.nexthop;

import java.net.InetAddress;

/**
 * A neighbour that packets for backends are sent to: a router, or a backend on the link.
 *
 * @param ifindex the index of the egress interface
 * @param address its address, which may be of another family than the backends'
 */
record Gateway(int ifindex, InetAddress address) {}
