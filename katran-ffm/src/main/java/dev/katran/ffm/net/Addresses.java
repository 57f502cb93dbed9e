package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ShortBuffer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Converts between {@link InetAddress} and the kernel's representation of addresses. */
final class Addresses {

  private Addresses() {}

  /** Returns {@code AF_INET} or {@code AF_INET6}. */
  static int family(InetAddress address) {
    return address instanceof Inet4Address ? LibC.AF_INET() : LibC.AF_INET6();
  }

  /** Returns the address with these 4 or 16 bytes, in network order. */
  static InetAddress of(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "address of " + bytes.length + " bytes, must have 4 or 16", e);
    }
  }

  /**
   * Formats the literal alone, without a host name that the object may contain; IPv6 in the
   * compressed form of RFC 5952.
   */
  static String format(InetAddress address) {
    return address instanceof Inet4Address
        ? address.getHostAddress()
        : formatIpv6(ByteBuffer.wrap(address.getAddress()).asShortBuffer());
  }

  private static String formatIpv6(ShortBuffer groups) {
    int start = 0;
    int longest = 1; // RFC 5952, 4.2.2: a single group of zeros is not compressed
    for (int i = 0; i < groups.capacity(); i++) {
      int zeros = i;
      while (zeros < groups.capacity() && groups.get(zeros) == 0) {
        zeros++;
      }
      if (zeros - i > longest) {
        start = i;
        longest = zeros - i;
      }
    }
    return longest == 1
        ? join(groups, 0, groups.capacity())
        : join(groups, 0, start) + "::" + join(groups, start + longest, groups.capacity());
  }

  private static String join(ShortBuffer groups, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> Integer.toHexString(Short.toUnsignedInt(groups.get(i))))
        .collect(Collectors.joining(":"));
  }
}
