package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The way to reach a backend. It must be the same in all VIPs and tables that name the backend.
 *
 * @param forwarding how packets get there
 * @param local whether the backend is this machine
 */
record Delivery(Forwarding forwarding, boolean local) {

  static Delivery of(Backend backend) {
    return new Delivery(backend.forwarding(), backend.local());
  }

  /**
   * Returns the dataplane's entry of a backend.
   *
   * @param hop the next hop; null if there is none, so that packets are dropped
   */
  BackendEntry entry(BackendKey backend, @Nullable Hop hop) {
    return new BackendEntry(backend.address(), backend.port(), forwarding, local, hop);
  }

  /** Returns the size of the outer headers without the Ethernet header, in bytes; 0 if none. */
  int overhead(InetAddress backend) {
    return BackendEntry.overhead(backend, forwarding);
  }

  /** Returns text such as {@code IPIP} or {@code GUE, local}. */
  @Override
  public String toString() {
    return forwarding + (local ? ", local" : "");
  }
}
