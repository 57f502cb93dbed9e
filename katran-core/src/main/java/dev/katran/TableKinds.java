package dev.katran;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.NumberTable;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** The tables that a balancer has. */
final class TableKinds {

  private TableKinds() {}

  static Table.Kind<Integer, Backend> serverIds(Limits limits) {
    return new OfBackends<>("server id", Dataplane::serverIds, limits.serverIds()) {
      @Override
      public void check(Integer id, Backend backend) {
        if (id < 1) {
          throw new IllegalArgumentException("server id " + id + " is not in 1..2147483647");
        }
      }

      @Override
      public int group(Integer id) {
        return 0;
      }
    };
  }

  static Table.Kind<Prefix, Backend> sourceRoutes(Limits limits) {
    return new OfBackends<>("source route", Dataplane::sourceRoutes, limits.sourceRoutes()) {
      @Override
      public void check(Prefix prefix, Backend backend) {
        // every prefix is one
      }

      @Override
      public int group(Prefix prefix) {
        return prefix.address() instanceof Inet4Address ? 0 : 1;
      }
    };
  }

  static Table.Kind<InetAddress, TunnelEnd> tunnelEnds(Decapsulation decapsulation) {
    return new TunnelEnds(decapsulation);
  }

  /** Tables whose entries name backends, which so become known, whether a VIP has them or not. */
  private abstract static class OfBackends<K> implements Table.Kind<K, Backend> {

    private final String name;
    private final Function<Dataplane, NumberTable<K>> table;
    private final int capacity;

    OfBackends(String name, Function<Dataplane, NumberTable<K>> table, int capacity) {
      this.name = name;
      this.table = table;
      this.capacity = capacity;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public NumberTable<K> of(Dataplane dataplane) {
      return table.apply(dataplane);
    }

    @Override
    public int capacity() {
      return capacity;
    }

    @Override
    public void added(Wanted wanted, Backend backend) {
      wanted.name(backend);
    }

    @Override
    public void removed(Wanted wanted, Backend backend) {
      wanted.unname(backend);
    }

    @Override
    public int number(Backend backend, Map<InetAddress, State.InstalledBackend> backends) {
      return Objects.requireNonNull(backends.get(backend.address())).number();
    }
  }

  private record TunnelEnds(Decapsulation decapsulation)
      implements Table.Kind<InetAddress, TunnelEnd> {

    @Override
    public String name() {
      return "tunnel end";
    }

    @Override
    public NumberTable<InetAddress> of(Dataplane dataplane) {
      return dataplane.tunnelEnds();
    }

    @Override
    public void check(InetAddress address, TunnelEnd end) {
      Addresses.checkUnicast("tunnel end", address);
      if (decapsulation == Decapsulation.OFF) {
        throw new IllegalStateException(
            "tunnel end %s is for a balancer that takes tunnels off: open it with decapsulation"
                .formatted(Addresses.text(address)));
      }
    }

    @Override
    public int capacity() {
      return Dataplane.MAX_TUNNEL_ENDS;
    }

    @Override
    public int group(InetAddress address) {
      return 0;
    }

    @Override
    public void added(Wanted wanted, TunnelEnd end) {
      // names no backend
    }

    @Override
    public void removed(Wanted wanted, TunnelEnd end) {
      // names no backend
    }

    @Override
    public int number(TunnelEnd end, Map<InetAddress, State.InstalledBackend> backends) {
      return switch (end) {
        case RECIRCULATE -> Dataplane.RECIRCULATE;
        case EGRESS -> Dataplane.EGRESS;
      };
    }
  }
}
