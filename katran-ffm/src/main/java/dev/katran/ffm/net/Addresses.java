package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Between {@link InetAddress} and what the kernel calls an address. */
final class Addresses {

  private Addresses() {}

  /** {@code AF_INET} or {@code AF_INET6}. */
  static int family(InetAddress address) {
    return address instanceof Inet4Address ? LibC.AF_INET() : LibC.AF_INET6();
  }

  /** The address of four or sixteen bytes in network order. */
  static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address of " + bytes.length + " bytes", e);
    }
  }

  /** The literal alone, without a host name that may once have been looked up. */
  static String format(InetAddress address) {
    return address.getHostAddress();
  }
}
