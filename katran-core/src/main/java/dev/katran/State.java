package dev.katran;

import com.google.common.collect.ImmutableMap;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is installed, as one immutable value: a reader holds one of them and sees no change.
 *
 * @param vips by key, each with the number that the dataplane knows it by
 * @param backends every backend of every VIP
 */
record State(
    ImmutableMap<VipKey, Installed> vips, ImmutableMap<InetAddress, InstalledBackend> backends) {

  static final State EMPTY = new State(ImmutableMap.of(), ImmutableMap.of());

  /** A VIP with its ring and its number. */
  record Installed(Vip vip, int number, Ring ring) {}

  /** What the dataplane knows of a backend, but for its next hop. */
  record InstalledBackend(int number, Encapsulation encapsulation) {}

  /** Decides as the program does: the VIP with the flow's port before the one with every port. */
  Route route(Flow flow) {
    Installed exact = find(flow, flow.destinationPort());
    Installed installed = exact != null ? exact : find(flow, 0);
    if (installed == null) {
      return Route.noVip(flow);
    }
    Flow hashed = installed.vip().hashing().hashed(flow, exact != null);
    int slot = installed.ring().slot(hashed);
    return Route.of(flow, installed.vip(), slot, installed.ring().backend(slot));
  }

  private @Nullable Installed find(Flow flow, int port) {
    if (!Addresses.isUnicast(flow.destination())) {
      return null;
    }
    return vips.get(new VipKey(flow.destination(), port, flow.protocol()));
  }
}
