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
 * @param dynamicSourcePorts whether source ports are 49152 to 65535 instead of all
 */
public record GueConfig(
    int port,
    @Nullable Inet4Address sourceV4,
    @Nullable Inet6Address sourceV6,
    boolean dynamicSourcePorts) {

  /** The destination port that IANA assigned to GUE. */
  public static final int DEFAULT_PORT = 6080;

  /** The configuration without GUE backends. */
  public static final GueConfig NONE = new GueConfig(DEFAULT_PORT, null, null, false);

  /** Returns the outer source for a backend, or null if its family has none. */
  public @Nullable InetAddress sourceTowards(InetAddress backend) {
    return backend instanceof Inet4Address ? sourceV4 : sourceV6;
  }

  /** Returns a copy with another port. */
  public GueConfig withPort(int port) {
    return new GueConfig(port, sourceV4, sourceV6, dynamicSourcePorts);
  }

  /** Returns a copy with source ports in the dynamic range, or in the whole range. */
  public GueConfig withDynamicSourcePorts(boolean dynamic) {
    return new GueConfig(port, sourceV4, sourceV6, dynamic);
  }

  /** Returns a copy with another source of the same family. */
  public GueConfig withSource(InetAddress source) {
    return switch (source) {
      case Inet4Address v4 -> new GueConfig(port, v4, sourceV6, dynamicSourcePorts);
      case Inet6Address v6 -> new GueConfig(port, sourceV4, v6, dynamicSourcePorts);
      default -> throw new IllegalArgumentException("neither IPv4 nor IPv6: " + source);
    };
  }
}
