package dev.katran.lab;

import dev.katran.ffm.net.Cidr;
import java.net.Inet4Address;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link Host}'s link to the router: MTU and addresses. Immutable; each setter
 * returns a changed copy. More settings may be added.
 *
 * @since 0.1.0
 */
public final class HostOptions {

  /** An MTU of 1500, and addresses that the lab chooses. */
  public static final HostOptions DEFAULT = new HostOptions(1500, null, null);

  private final int mtu;
  private final @Nullable Cidr ipv4;
  private final @Nullable Cidr ipv6;

  private HostOptions(int mtu, @Nullable Cidr ipv4, @Nullable Cidr ipv6) {
    this.mtu = mtu;
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  /**
   * Sets the MTU of both ends of the link. IPv6 needs at least 1280, and XDP allows about 3500. A
   * link that carries encapsulated packets needs a larger MTU than the other links: 1600 is enough
   * for packets of 1500 bytes.
   */
  public HostOptions mtu(int mtu) {
    return new HostOptions(mtu, ipv4, ipv6);
  }

  /**
   * Sets the host's address of one family. The default is {@code 10.0.n.2/24} and {@code
   * fc00:0:0:n::2/64} with the first free n. The router has the first address of the network.
   *
   * @param address an address with its prefix length, such as {@code 198.51.100.7/24}
   * @throws IllegalArgumentException if the text is in another form, or the address is the router's
   */
  public HostOptions address(String address) {
    Cidr prefix = Cidr.parse(address);
    if (Subnet.routerIn(prefix).equals(prefix.address())) {
      throw new IllegalArgumentException("host address " + prefix + " is the router's");
    }
    return prefix.address() instanceof Inet4Address
        ? new HostOptions(mtu, prefix, ipv6)
        : new HostOptions(mtu, ipv4, prefix);
  }

  /** Returns the MTU of both ends of the link. */
  public int mtu() {
    return mtu;
  }

  /**
   * Returns the host's IPv4 address with its prefix length, such as {@code 198.51.100.7/24}; empty
   * if the lab chooses it.
   */
  public Optional<String> ipv4() {
    return Optional.ofNullable(ipv4).map(Cidr::toString);
  }

  /**
   * Returns the host's IPv6 address with its prefix length, such as {@code
   * 2001:db8:0:0:0:0:0:7/64}; empty if the lab chooses it.
   */
  public Optional<String> ipv6() {
    return Optional.ofNullable(ipv6).map(Cidr::toString);
  }

  /** Returns a subnet with these addresses instead of its own. */
  Subnet applyTo(Subnet subnet) {
    return new Subnet(ipv4 == null ? subnet.ipv4() : ipv4, ipv6 == null ? subnet.ipv6() : ipv6);
  }

  /** Returns text such as {@code MTU 1600, 198.51.100.7/24}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("MTU ").append(mtu);
    ipv4().ifPresent(address -> text.append(", ").append(address));
    ipv6().ifPresent(address -> text.append(", ").append(address));
    return text.toString();
  }
}
