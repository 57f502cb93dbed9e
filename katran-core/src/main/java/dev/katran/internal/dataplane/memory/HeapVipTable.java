package dev.katran.internal.dataplane.memory;

import dev.katran.VipKey;
import dev.katran.internal.dataplane.BatchedMap;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowHashing;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.dataplane.VipLookup;
import dev.katran.internal.dataplane.VipTable;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The VIPs and the addresses that answer pings; {@code vip.h} in Java. */
final class HeapVipTable implements VipTable {

  /**
   * The VIP that matches a packet.
   *
   * @param vip the VIP, with only the flags that the program is specialised for
   * @param flow the packet's flow, with ports that the VIP does not hash set to 0
   */
  record Match(VipEntry vip, FiveTuple flow) {}

  /** What packets of the VIP's backends get for their source. */
  record VipAddress(Address address, int port) {}

  /** The key of a VIP with a single address. */
  private record Key(Address address, int port, int protocol) {}

  /** The part of a prefix VIP's key that must match in full. */
  private record Service(int port, int protocol) {}

  private final BatchedMap<Key, VipEntry> changes = new BatchedMap<>(this::publish);
  private final Map<Service, PrefixTable<VipEntry>> prefixVips = new ConcurrentHashMap<>();
  private final PrefixTable<Boolean> answeringPrefixes = new PrefixTable<>();
  private final HeapCounters counters;

  /** The VIPs' addresses, by VIP index. Those of removed VIPs remain. */
  private final Map<Integer, VipAddress> addresses = new ConcurrentHashMap<>();

  private volatile Map<Key, VipEntry> vips = Map.of();

  HeapVipTable(HeapCounters counters) {
    this.counters = counters;
  }

  private void publish(Map<Key, VipEntry> next) {
    vips = next;
  }

  /** Publishes a batch of changes atomically. */
  void batch(Runnable writes) {
    changes.batch(writes);
  }

  @Override
  public void adopt(Runnable installed) {
    changes.adopt(installed);
  }

  @Override
  public void republish() {
    changes.republish();
  }

  @Override
  public void put(VipKey key, VipEntry entry) {
    Destination destination = Destination.of(key);
    Address address = Address.of(destination.address());
    addresses.put(entry.number(), new VipAddress(address, key.port()));
    if (destination.isPrefix()) {
      prefixVips
          .computeIfAbsent(service(key), absent -> new PrefixTable<>())
          .put(address, destination.prefixLength(), entry);
    } else {
      changes.put(new Key(address, key.port(), key.protocol().number()), entry);
    }
  }

  @Override
  public void remove(VipKey key) {
    Destination destination = Destination.of(key);
    Address address = Address.of(destination.address());
    if (destination.isPrefix()) {
      PrefixTable<VipEntry> ofService = prefixVips.get(service(key));
      if (ofService != null) {
        ofService.remove(address, destination.prefixLength());
      }
    } else {
      changes.remove(new Key(address, key.port(), key.protocol().number()));
    }
  }

  private static Service service(VipKey key) {
    return new Service(key.port(), key.protocol().number());
  }

  @Override
  public void answerPing(Destination destination, boolean answer) {
    Address address = Address.of(destination.address());
    if (destination.isPrefix() && answer) {
      answeringPrefixes.put(address, destination.prefixLength(), true);
    } else if (destination.isPrefix()) {
      answeringPrefixes.remove(address, destination.prefixLength());
    } else if (answer) {
      changes.put(pingOf(address), VipEntry.PING);
    } else {
      changes.remove(pingOf(address));
    }
  }

  private static Key pingOf(Address address) {
    return new Key(
        address, VipLookup.ANY_PORT, address.isIpv6() ? FiveTuple.ICMPV6 : FiveTuple.ICMP);
  }

  /** Returns whether an address is that of a VIP. Each of them answers pings. */
  boolean isVipAddress(Address address, Features features) {
    return vips.containsKey(pingOf(address))
        || (features.prefixVips() && answeringPrefixes.find(address) != null);
  }

  /** Returns the address of the VIP with an index, or null if there has been none. */
  @Nullable VipAddress addressOf(int number) {
    return addresses.get(number);
  }

  /** Returns the VIP that a flow matches, or null. */
  @Nullable Match find(FiveTuple flow, Features features) {
    VipLookup.Match<VipEntry> found =
        VipLookup.find(
            new VipLookup.Candidates<>() {
              @Override
              public @Nullable VipEntry byAddress(int port) {
                return vips.get(new Key(flow.destination(), port, flow.protocol()));
              }

              @Override
              public @Nullable VipEntry byPrefix(int port) {
                return features.prefixVips() ? findByPrefix(flow, port) : null;
              }
            },
            flow.destinationPort());
    if (found == null) {
      return null;
    }
    VipEntry vip = found.vip();
    int enabled = vip.flags() & (features.vipFlags() | VipFlags.HASH);
    return new Match(
        new VipEntry(vip.number(), enabled, vip.idle()),
        FlowHashing.key(vip.flags(), flow, found.isExact()));
  }

  private @Nullable VipEntry findByPrefix(FiveTuple flow, int port) {
    PrefixTable<VipEntry> ofService = prefixVips.get(new Service(port, flow.protocol()));
    VipEntry found = ofService == null ? null : ofService.find(flow.destination());
    if (found != null) {
      counters.add(Counter.Total.PREFIX_MATCHES);
    }
    return found;
  }
}
