package dev.katran.internal.configuration;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * The VIPs whose address the answers of rewritten backends get: the way back must be a function of
 * the answer, so a server and port belong to one VIP. Immutable.
 */
public final class Answers {

  /** No VIP rewrites. */
  public static final Answers NONE = new Answers(HashTreePMap.empty(), 0);

  /** Every port, see {@link Server}. */
  private static final int EVERY_PORT = 0;

  /**
   * What the answers of a backend come from.
   *
   * @param port 1 to 65535, or 0 for every port
   */
  public record Server(InetAddress address, int port, Protocol protocol) {

    private Host host() {
      return new Host(address, protocol);
    }

    @Override
    public String toString() {
      return port == EVERY_PORT
          ? Addresses.text(address) + " at every port"
          : Addresses.text(address, port);
    }
  }

  private record Host(InetAddress address, Protocol protocol) {}

  private final PMap<Host, PMap<Integer, VipKey>> owners;
  private final int size;

  private Answers(PMap<Host, PMap<Integer, VipKey>> owners, int size) {
    this.owners = owners;
    this.size = size;
  }

  /** Returns the servers whose answers get the address of a VIP. */
  public static Set<Server> serversOf(Vip vip) {
    Set<Server> servers = new HashSet<>();
    for (Backend backend : vip.backends()) {
      if (backend.forwarding().equals(Forwarding.rewrite())) {
        int port = backend.port() == 0 ? vip.port() : backend.port();
        servers.add(new Server(backend.address(), port, vip.protocol()));
      }
    }
    return servers;
  }

  /** Returns how many servers have an owner. */
  public int size() {
    return size;
  }

  /** Returns the VIP that a server belongs to; null if to none. */
  public @Nullable VipKey owner(Server server) {
    PMap<Integer, VipKey> ports = owners.get(server.host());
    return ports == null ? null : ports.get(server.port());
  }

  /**
   * Returns a copy in which servers belong to a VIP.
   *
   * @throws IllegalArgumentException if another VIP has one of them
   */
  public Answers with(VipKey vip, Set<Server> servers) {
    Answers next = this;
    for (Server server : servers) {
      next.check(vip, server);
      next = next.withOwner(vip, server);
    }
    return next;
  }

  /** Returns a copy in which a server belongs to a VIP, whatever it belonged to. */
  public Answers withOwner(VipKey vip, Server server) {
    PMap<Integer, VipKey> ports = owners.getOrDefault(server.host(), HashTreePMap.empty());
    PMap<Integer, VipKey> after = ports.plus(server.port(), vip);
    return new Answers(owners.plus(server.host(), after), size + after.size() - ports.size());
  }

  /** Returns a copy without those of these servers that belong to a VIP. */
  public Answers without(VipKey vip, Set<Server> servers) {
    Answers next = this;
    for (Server server : servers) {
      if (vip.equals(next.owner(server))) {
        next = next.withoutOwner(server);
      }
    }
    return next;
  }

  private Answers withoutOwner(Server server) {
    PMap<Integer, VipKey> ports =
        owners.getOrDefault(server.host(), HashTreePMap.empty()).minus(server.port());
    return new Answers(
        ports.isEmpty() ? owners.minus(server.host()) : owners.plus(server.host(), ports),
        size - 1);
  }

  private void check(VipKey vip, Server server) {
    PMap<Integer, VipKey> ports = owners.get(server.host());
    if (ports == null) {
      return;
    }
    for (Map.Entry<Integer, VipKey> known : ports.entrySet()) {
      int port = known.getKey();
      boolean overlaps = port == server.port() || port == EVERY_PORT || server.port() == EVERY_PORT;
      if (overlaps && !known.getValue().equals(vip)) {
        throw new IllegalArgumentException(
            "%s: backend %s is via REWRITE, and so is %s of %s: its answers could be for either; give the server another port in one of them"
                .formatted(
                    vip,
                    server,
                    new Server(server.address(), port, server.protocol()),
                    known.getValue()));
      }
    }
  }
}
