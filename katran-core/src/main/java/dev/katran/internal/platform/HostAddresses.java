package dev.katran.internal.platform;

import com.google.common.collect.ImmutableSet;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;

/**
 * The addresses of a network namespace at which other hosts may reach this one: those of all
 * interfaces, {@code lo} included, but neither loopback addresses nor link-local ones. Routers
 * forward no packets to either (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5), so a packet from
 * a tunnel must not reach them: services that listen on 127.0.0.1 only rely on that.
 *
 * <p>Uses rtnetlink because {@link java.net.NetworkInterface} reads {@code /proc/net}, which shows
 * the IPv6 addresses of the process's first thread rather than of the calling one.
 */
public final class HostAddresses implements AutoCloseable {

  private final Rtnetlink netlink;

  private HostAddresses(Rtnetlink netlink) {
    this.netlink = netlink;
  }

  /**
   * Opens the calling thread's network namespace. Other threads may use the object afterwards.
   *
   * @throws NativeException if the kernel refuses it
   */
  public static HostAddresses open() {
    return new HostAddresses(Rtnetlink.open());
  }

  /**
   * Returns the addresses that the host has now.
   *
   * @throws NativeException if the kernel cannot list them
   */
  public ImmutableSet<InetAddress> list() {
    return netlink.addresses().stream()
        .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
        .collect(ImmutableSet.toImmutableSet());
  }

  @Override
  public void close() {
    netlink.close();
  }
}
