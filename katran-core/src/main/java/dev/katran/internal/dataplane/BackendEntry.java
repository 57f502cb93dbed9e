package dev.katran.internal.dataplane;

import dev.katran.Encapsulation;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * How a backend is reached: {@code struct katran_backend} of {@code katran.h}.
 *
 * @param address the backend's address, the destination of the outer header
 * @param encapsulation the backend's encapsulation. GUE requires a source address of the backend's
 *     family in {@link DataplaneConfig#gue}
 * @param local whether this host is the backend: its packets for a VIP with {@link VipFlags#LOCAL}
 *     pass to the host
 * @param hop the next hop, or null while it is unresolved: the backend's packets are dropped
 */
public record BackendEntry(
    InetAddress address, Encapsulation encapsulation, boolean local, @Nullable Hop hop) {

  /** Creates a backend on another host. */
  public BackendEntry(InetAddress address, Encapsulation encapsulation, @Nullable Hop hop) {
    this(address, encapsulation, false, hop);
  }

  /** Creates a backend on another host that uses IPIP. */
  public BackendEntry(InetAddress address, @Nullable Hop hop) {
    this(address, Encapsulation.ipip(), hop);
  }
}
