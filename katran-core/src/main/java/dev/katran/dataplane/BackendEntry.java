package dev.katran.dataplane;

import dev.katran.Encapsulation;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the dataplane knows of a backend.
 *
 * @param address the outer destination of what is sent to it
 * @param encapsulation what it takes packets in; {@link DataplaneConfig#gue} must have a source of
 *     its family for GUE
 * @param local whether this host serves: what comes for a VIP with {@link VipFlags#LOCAL} passes
 * @param hop where its frames go; null while that is not known: they are dropped
 */
public record BackendEntry(
    InetAddress address, Encapsulation encapsulation, boolean local, @Nullable Hop hop) {

  /** A backend on another host. */
  public BackendEntry(InetAddress address, Encapsulation encapsulation, @Nullable Hop hop) {
    this(address, encapsulation, false, hop);
  }

  /** A backend that takes IPIP. */
  public BackendEntry(InetAddress address, @Nullable Hop hop) {
    this(address, Encapsulation.ipip(), hop);
  }
}
