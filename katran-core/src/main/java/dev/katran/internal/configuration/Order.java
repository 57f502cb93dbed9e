package dev.katran.internal.configuration;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Prefix;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;

/** The order in which things are listed whose order has no meaning. */
public final class Order {

  /** IPv4 before IPv6, each by its number. */
  public static final Comparator<InetAddress> ADDRESSES =
      Comparator.<InetAddress>comparingInt(address -> address.getAddress().length)
          .thenComparing(InetAddress::getAddress, Arrays::compareUnsigned);

  /** By address, the shorter prefix first. */
  public static final Comparator<Prefix> PREFIXES =
      Comparator.comparing(Prefix::address, ADDRESSES).thenComparingInt(Prefix::length);

  /** By address, then single addresses before prefixes, by port and by protocol. */
  public static final Comparator<VipKey> VIP_KEYS =
      Comparator.comparing(VipKey::address, ADDRESSES)
          .thenComparingInt(key -> key.prefix().map(Prefix::length).orElse(-1))
          .thenComparingInt(VipKey::port)
          .thenComparing(VipKey::protocol);

  /** By address, then by port. */
  public static final Comparator<BackendKey> BACKEND_KEYS =
      Comparator.comparing(BackendKey::address, ADDRESSES).thenComparingInt(BackendKey::port);

  /** By key. */
  public static final Comparator<Backend> BACKENDS =
      Comparator.comparing(Backend::key, BACKEND_KEYS);

  private Order() {}
}
