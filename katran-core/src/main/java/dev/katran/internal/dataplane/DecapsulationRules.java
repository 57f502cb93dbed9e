package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableSet;
import java.net.InetAddress;

/**
 * The conditions that a packet must meet to be decapsulated on a backend's host.
 *
 * @param guePort the UDP destination port of GUE, or 0 for no GUE
 * @param destinations the outer destinations, or none for all
 * @param sources the outer sources
 * @param inner the destinations of the inner packets
 */
public record DecapsulationRules(
    int guePort,
    ImmutableSet<InetAddress> destinations,
    AddressFilter sources,
    AddressFilter inner) {

  /** Returns whether the rules depend on the addresses of the host, which may change. */
  public boolean followHost() {
    return sources instanceof AddressFilter.OfHost || inner instanceof AddressFilter.OfHost;
  }
}
