package dev.katran.dataplane;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The VIPs, and the addresses of theirs that answer to ping. */
final class VipTable {

  private static final int EVERY_PORT = 0;

  /** A VIP, and the packet's flow with its ports as this VIP hashes them. */
  record Match(VipEntry vip, FiveTuple flow) {}

  private record Key(Address address, int port, int protocol) {}

  private final Map<Key, VipEntry> vips = new ConcurrentHashMap<>();
  private final Set<Address> answering = ConcurrentHashMap.newKeySet();

  void put(Address address, int port, int protocol, VipEntry entry) {
    vips.put(new Key(address, port, protocol), entry);
  }

  void remove(Address address, int port, int protocol) {
    vips.remove(new Key(address, port, protocol));
  }

  void answerPing(Address address, boolean answer) {
    if (answer) {
      answering.add(address);
    } else {
      answering.remove(address);
    }
  }

  boolean answersPing(Address address) {
    return answering.contains(address);
  }

  /** The VIP that a flow is for: one with its destination port before one with every port. */
  @Nullable Match find(FiveTuple flow) {
    VipEntry exact = get(flow, flow.destinationPort());
    if (exact != null) {
      return new Match(exact, withHashedSourcePort(flow, exact.flags()));
    }
    VipEntry everyPort = get(flow, EVERY_PORT);
    if (everyPort == null) {
      return null;
    }
    int keepsPort = VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_BOTH_PORTS;
    FiveTuple hashed =
        (everyPort.flags() & keepsPort) != 0 ? flow : flow.withDestinationPort(EVERY_PORT);
    return new Match(everyPort, withHashedSourcePort(hashed, everyPort.flags()));
  }

  void clear() {
    vips.clear();
    answering.clear();
  }

  private @Nullable VipEntry get(FiveTuple flow, int port) {
    return vips.get(new Key(flow.destination(), port, flow.protocol()));
  }

  private static FiveTuple withHashedSourcePort(FiveTuple flow, int flags) {
    return (flags & VipFlags.HASH_NO_SOURCE_PORT) != 0 ? flow.withSourcePort(0) : flow;
  }
}
