package dev.katran.dataplane;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the outer headers of GUE have that does not come from the packet or the backend.
 *
 * @param port the UDP destination
 * @param sourceV4 the outer source towards IPv4 backends; null if none of them takes GUE
 * @param sourceV6 the outer source towards IPv6 backends; null if none of them takes GUE
 */
public record GueConfig(
    int port, @Nullable Inet4Address sourceV4, @Nullable Inet6Address sourceV6) {

  /** The port of those who have not agreed on another one. */
  public static final int DEFAULT_PORT = 6080;

  /** No backend takes GUE. */
  public static final GueConfig NONE = new GueConfig(DEFAULT_PORT, null, null);

  /** Whether there may be a backend that takes GUE. */
  public boolean isUsed() {
    return sourceV4 != null || sourceV6 != null;
  }

  /** The outer source towards a backend; null if no backend of its family takes GUE. */
  public @Nullable InetAddress sourceTowards(InetAddress backend) {
    return backend instanceof Inet4Address ? sourceV4 : sourceV6;
  }

  /** The same with another port. */
  public GueConfig withPort(int port) {
    return new GueConfig(port, sourceV4, sourceV6);
  }

  /** The same with another source, in place of the one of its family. */
  public GueConfig withSource(InetAddress source) {
    return switch (source) {
      case Inet4Address v4 -> new GueConfig(port, v4, sourceV6);
      case Inet6Address v6 -> new GueConfig(port, sourceV4, v6);
      default -> throw new IllegalArgumentException("neither IPv4 nor IPv6: " + source);
    };
  }
}
