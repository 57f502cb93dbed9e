package dev.katran.fuzz.invariants;

import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.VipEntry;
import java.net.InetAddress;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Looks up VIPs by walking all of them: slow, and obviously right. */
final class Vips {

  private static final int ANY_PORT = 0;

  private Vips() {}

  /** Returns the VIP of a flow, or null. */
  static @Nullable VipEntry find(Installed installed, Flow flow) {
    VipEntry found = findByAddress(installed, flow, flow.destinationPort());
    if (found == null) {
      found = findByPrefix(installed, flow, flow.destinationPort());
    }
    if (found == null) {
      found = findByAddress(installed, flow, ANY_PORT);
    }
    return found == null ? findByPrefix(installed, flow, ANY_PORT) : found;
  }

  private static @Nullable VipEntry findByAddress(Installed installed, Flow flow, int port) {
    for (Map.Entry<VipKey, VipEntry> vip : installed.vips().entrySet()) {
      VipKey key = vip.getKey();
      if (isOf(key, flow, port)
          && key.prefix().isEmpty()
          && key.address().equals(flow.destination())) {
        return vip.getValue();
      }
    }
    return null;
  }

  private static @Nullable VipEntry findByPrefix(Installed installed, Flow flow, int port) {
    VipEntry longest = null;
    int length = -1;
    for (Map.Entry<VipKey, VipEntry> vip : installed.vips().entrySet()) {
      VipKey key = vip.getKey();
      if (isOf(key, flow, port)
          && key.prefix().isPresent()
          && installed.used().prefixVips()
          && key.prefix().get().length() > length
          && key.prefix().get().contains(flow.destination())) {
        longest = vip.getValue();
        length = key.prefix().get().length();
      }
    }
    return longest;
  }

  private static boolean isOf(VipKey key, Flow flow, int port) {
    return key.port() == port && key.protocol().number() == flow.protocol();
  }

  /** Returns whether an address is that of any VIP, whatever the port, or answers pings. */
  static boolean has(Installed installed, InetAddress address) {
    return installed.vips().keySet().stream().anyMatch(covers(address))
        || answersPing(installed, address);
  }

  private static Predicate<VipKey> covers(InetAddress address) {
    return key ->
        key.prefix()
            .map(prefix -> prefix.contains(address))
            .orElseGet(() -> key.address().equals(address));
  }

  /** Returns whether an address answers pings. */
  static boolean answersPing(Installed installed, InetAddress address) {
    for (Destination destination : installed.pings()) {
      if (destination.isPrefix()
          ? installed.used().prefixVips() && contains(destination, address)
          : destination.address().equals(address)) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(Destination destination, InetAddress address) {
    return new Prefix(destination.address(), destination.prefixLength()).contains(address);
  }
}
