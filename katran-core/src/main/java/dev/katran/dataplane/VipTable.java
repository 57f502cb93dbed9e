package dev.katran.dataplane;

import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The VIPs, and the addresses of theirs that answer to ping. */
final class VipTable {

  /** What belongs to an address that answers to pings. */
  static final VipEntry PING = new VipEntry(0, 0, 0);

  private static final int EVERY_PORT = 0;

  /**
   * A VIP, and the packet's flow with its ports as this VIP hashes them.
   *
   * @param vip with those of its flags that are on
   */
  record Match(VipEntry vip, FiveTuple flow) {}

  private record Key(Address address, int port, int protocol) {}

  private record Service(int port, int protocol) {}

  private final BatchedMap<Key, VipEntry> changes = new BatchedMap<>(this::publish);
  private final Map<Service, PrefixTable<VipEntry>> prefixVips = new ConcurrentHashMap<>();
  private final PrefixTable<Boolean> answeringPrefixes = new PrefixTable<>();
  private final CounterTable counters;

  private volatile Map<Key, VipEntry> vips = Map.of();

  VipTable(CounterTable counters) {
    this.counters = counters;
  }

  private void publish(Map<Key, VipEntry> next) {
    vips = next;
  }

  /** See {@link Dataplane#together}. */
  void together(Runnable several) {
    changes.together(several);
  }

  void put(VipKey key, VipEntry entry) {
    Address address = Address.of(key.address());
    if (key.isPrefix()) {
      prefixVips
          .computeIfAbsent(service(key), absent -> new PrefixTable<>())
          .put(address, key.prefixLength(), entry);
    } else {
      changes.put(new Key(address, key.port(), key.protocol().number()), entry);
    }
  }

  void remove(VipKey key) {
    Address address = Address.of(key.address());
    if (key.isPrefix()) {
      PrefixTable<VipEntry> ofService = prefixVips.get(service(key));
      if (ofService != null) {
        ofService.remove(address, key.prefixLength());
      }
    } else {
      changes.remove(new Key(address, key.port(), key.protocol().number()));
    }
  }

  private static Service service(VipKey key) {
    return new Service(key.port(), key.protocol().number());
  }

  void answerPing(Destination destination, boolean answer) {
    InetAddress literal = destination.address();
    Address address = Address.of(literal);
    if (destination.isPrefix() && answer) {
      answeringPrefixes.put(address, destination.prefixLength(), true);
    } else if (destination.isPrefix()) {
      answeringPrefixes.remove(address, destination.prefixLength());
    } else if (answer) {
      changes.put(pingOf(address), PING);
    } else {
      changes.remove(pingOf(address));
    }
  }

  private static Key pingOf(Address address) {
    return new Key(address, EVERY_PORT, address.isIpv6() ? FiveTuple.ICMPV6 : FiveTuple.ICMP);
  }

  boolean answersPing(Address address, Features features) {
    return vips.containsKey(pingOf(address))
        || (features.prefixVips() && answeringPrefixes.find(address) != null);
  }

  /** The VIP that a flow is for: one with its destination port before one with every port. */
  @Nullable Match find(FiveTuple flow, Features features) {
    VipEntry exact = get(flow, flow.destinationPort());
    if (exact != null) {
      return match(exact, flow, features);
    }
    VipEntry found = getByPrefix(flow, flow.destinationPort(), features);
    if (found == null) {
      found = get(flow, EVERY_PORT);
    }
    if (found == null) {
      found = getByPrefix(flow, EVERY_PORT, features);
    }
    if (found == null) {
      return null;
    }
    boolean keepsPort = found.has(VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_BOTH_PORTS);
    return match(found, keepsPort ? flow : flow.withDestinationPort(EVERY_PORT), features);
  }

  private @Nullable VipEntry get(FiveTuple flow, int port) {
    return vips.get(new Key(flow.destination(), port, flow.protocol()));
  }

  private @Nullable VipEntry getByPrefix(FiveTuple flow, int port, Features features) {
    if (!features.prefixVips()) {
      return null;
    }
    PrefixTable<VipEntry> ofService = prefixVips.get(new Service(port, flow.protocol()));
    VipEntry found = ofService == null ? null : ofService.find(flow.destination());
    if (found != null) {
      counters.add(Counter.Total.PREFIX_MATCHES);
    }
    return found;
  }

  private static Match match(VipEntry vip, FiveTuple flow, Features features) {
    int on = vip.flags() & (features.vipFlags() | VipFlags.HASH);
    return new Match(
        new VipEntry(vip.number(), on, vip.idle()),
        vip.has(VipFlags.HASH_NO_SOURCE_PORT) ? flow.withSourcePort(0) : flow);
  }
}
