package dev.katran.ffm.net;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the kernel's neighbour table: a host or router on a link, see arp(7).
 *
 * @param index the index of the interface
 * @param address the neighbour's address, IPv6 without a scope
 * @param mac its MAC address, or null if it is unknown or the interface has no MAC addresses; only
 *     meaningful in a {@link NeighbourState#usable} state
 * @param state the state of the entry
 * @since 0.1.0
 */
public record Neighbour(
    int index, InetAddress address, @Nullable MacAddress mac, NeighbourState state) {}
