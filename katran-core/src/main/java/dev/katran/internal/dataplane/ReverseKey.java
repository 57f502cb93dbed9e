package dev.katran.internal.dataplane;

import java.net.InetAddress;

/**
 * The source of packets that a backend sends for a rewriting VIP: {@code struct katran_reverse_key}
 * of {@code katran.h}.
 *
 * @param backend the backend's address
 * @param port the backend's port, 0 to 65535; 0 matches every port that has no key of its own
 * @param protocol the protocol number of TCP or UDP
 */
public record ReverseKey(InetAddress backend, int port, int protocol) {}
