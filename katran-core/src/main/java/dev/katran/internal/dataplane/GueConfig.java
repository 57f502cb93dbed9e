package dev.katran.internal.dataplane;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The configured fields of GUE's outer headers.
 *
 * @param port the UDP destination port
 * @param sourceV4 the outer source for IPv4 backends, or null if none of them uses GUE
 * @param sourceV6 the outer source for IPv6 backends, or null if none of them uses GUE
 */
public record GueConfig(
    int port, @Nullable Inet4Address sourceV4, @Nullable Inet6Address sourceV6) {

  /** The destination port that IANA assigned to GUE. */
  public static final int DEFAULT_PORT = 6080;

  /** The configuration without GUE backends. */
  public static final GueConfig NONE = new GueConfig(DEFAULT_PORT, null, null);

  /** Returns the outer source for a backend, or null if its family has none. */
  public @Nullable InetAddress sourceTowards(InetAddress backend) {
    return backend instanceof Inet4Address ? sourceV4 : sourceV6;
  }

  /** Returns a copy with another port. */
  public GueConfig withPort(int port) {
    return new GueConfig(port, sourceV4, sourceV6);
  }

  /** Returns a copy with another source of the same family. */
  public GueConfig withSource(InetAddress source) {
    return switch (source) {
      case Inet4Address v4 -> new GueConfig(port, v4, sourceV6);
      case Inet6Address v6 -> new GueConfig(port, sourceV4, v6);
      default -> throw new IllegalArgumentException("neither IPv4 nor IPv6: " + source);
    };
  }
}
