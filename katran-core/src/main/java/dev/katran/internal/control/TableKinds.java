package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.TunnelEndpoint;
import dev.katran.internal.configuration.TableBackend;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.TableCapacity;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.net.Addresses;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** Creates the kinds of table that a balancer has. */
final class TableKinds {

  private TableKinds() {}

  static TableKind<Integer, Backend> serverIds(Limits limits) {
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

      @Override
      public Integer keyOf(Object key) {
        return (Integer) key;
      }

      @Override
      public String keyText(Integer id) {
        return Integer.toString(id);
      }

      @Override
      public Integer key(String text) {
        return Integer.valueOf(text);
      }
    };
  }

  static TableKind<Prefix, Backend> sourceRoutes(Limits limits) {
    return new OfBackends<>("source route", Dataplane::sourceRoutes, limits.sourceRoutes()) {
      @Override
      public void added(DesiredState desired, Backend backend, int count) {
        super.added(desired, backend, count);
        desired.addRoutes(backend, count);
      }

      @Override
      public void removed(DesiredState desired, Backend backend, int count) {
        super.removed(desired, backend, count);
        desired.addRoutes(backend, -count);
      }

      @Override
      public void check(Prefix prefix, Backend backend) {
        // Every prefix is valid.
      }

      @Override
      public int group(Prefix prefix) {
        return prefix.address() instanceof Inet4Address ? 0 : 1;
      }

      @Override
      public Prefix keyOf(Object key) {
        return (Prefix) key;
      }

      @Override
      public String keyText(Prefix prefix) {
        return prefix.toString();
      }

      @Override
      public Prefix key(String text) {
        return Prefix.of(text);
      }
    };
  }

  static TableKind<InetAddress, TunnelEndpoint> tunnelEndpoints(Decapsulation decapsulation) {
    return new TunnelEndpoints(decapsulation);
  }

  /** Tables whose entries name backends, which are installed even if no VIP has them. */
  private abstract static class OfBackends<K> implements TableKind<K, Backend> {

    private final String name;
    private final Function<Dataplane, IndexTable<K>> table;
    private final int capacity;

    OfBackends(String name, Function<Dataplane, IndexTable<K>> table, int capacity) {
      this.name = name;
      this.table = table;
      this.capacity = capacity;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public IndexTable<K> in(Dataplane dataplane) {
      return table.apply(dataplane);
    }

    @Override
    public int capacity() {
      return capacity;
    }

    @Override
    public Backend held(K key, Backend backend) {
      return TableBackend.of(() -> name + " " + keyText(key), backend);
    }

    @Override
    public void added(DesiredState desired, Backend backend, int count) {
      desired.addReferences(backend, count);
    }

    @Override
    public void removed(DesiredState desired, Backend backend, int count) {
      desired.removeReferences(backend, count);
    }

    @Override
    public Backend valueOf(Object value) {
      return (Backend) value;
    }

    @Override
    public String valueText(Backend backend) {
      return TextCodec.text(backend);
    }

    @Override
    public Backend value(String text) {
      return TextCodec.backend(text);
    }

    @Override
    public int index(Backend backend, Map<BackendKey, InstalledState.InstalledBackend> backends) {
      return Objects.requireNonNull(backends.get(backend.key())).number();
    }
  }

  private record TunnelEndpoints(Decapsulation decapsulation)
      implements TableKind<InetAddress, TunnelEndpoint> {

    @Override
    public String name() {
      return "tunnel endpoint";
    }

    @Override
    public IndexTable<InetAddress> in(Dataplane dataplane) {
      return dataplane.tunnelEndpoints();
    }

    @Override
    public void check(InetAddress address, TunnelEndpoint endpoint) {
      Addresses.checkUnicast("tunnel endpoint", address);
      if (decapsulation == Decapsulation.OFF) {
        throw new IllegalStateException(
            "tunnel endpoint %s needs a balancer that decapsulates; set decapsulation on the builder"
                .formatted(Addresses.text(address)));
      }
    }

    @Override
    public TunnelEndpoint held(InetAddress address, TunnelEndpoint endpoint) {
      return endpoint;
    }

    @Override
    public int capacity() {
      return TableCapacity.TUNNEL_ENDPOINTS;
    }

    @Override
    public int group(InetAddress address) {
      return 0;
    }

    @Override
    public void added(DesiredState desired, TunnelEndpoint endpoint, int count) {
      // An endpoint names no backend.
    }

    @Override
    public void removed(DesiredState desired, TunnelEndpoint endpoint, int count) {
      // An endpoint names no backend.
    }

    @Override
    public InetAddress keyOf(Object key) {
      return (InetAddress) key;
    }

    @Override
    public TunnelEndpoint valueOf(Object value) {
      return (TunnelEndpoint) value;
    }

    @Override
    public String keyText(InetAddress address) {
      return Addresses.text(address);
    }

    @Override
    public InetAddress key(String text) {
      return Addresses.parse("tunnel endpoint", text);
    }

    @Override
    public String valueText(TunnelEndpoint endpoint) {
      return endpoint.name();
    }

    @Override
    public TunnelEndpoint value(String text) {
      return TunnelEndpoint.valueOf(text);
    }

    @Override
    public int index(
        TunnelEndpoint endpoint, Map<BackendKey, InstalledState.InstalledBackend> backends) {
      return switch (endpoint) {
        case RECIRCULATE -> TunnelAction.RECIRCULATE;
        case EGRESS -> TunnelAction.EGRESS;
      };
    }
  }
}
