package dev.katran.examples.testcontainers;

import com.google.common.base.Splitter;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.katran.AttachMode;
import dev.katran.Limits;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The service's settings, from environment variables.
 *
 * @param interfaceName {@code KATRAN_INTERFACE}: the interface on which packets arrive; {@code
 *     eth0} by default
 * @param attachMode {@code KATRAN_ATTACH}: {@code AUTOMATIC} by default
 * @param maxPacketSize {@code KATRAN_MAX_PACKET_SIZE}: the largest frame that is forwarded, in
 *     bytes
 * @param vips {@code KATRAN_VIPS}: addresses and TCP ports, separated by spaces
 * @param backends {@code KATRAN_BACKENDS}: addresses, separated by spaces; a VIP is served by the
 *     backends of its address family
 * @param controlPort {@code KATRAN_CONTROL_PORT}: the port of the HTTP interface; 9000 by default
 * @param pinFolder {@code KATRAN_PIN_FOLDER}: a folder in a BPF file system, such as {@code
 *     /sys/fs/bpf/katran}, where the balancer outlives the process; by default it does not
 */
record Settings(
    String interfaceName,
    AttachMode attachMode,
    int maxPacketSize,
    List<HostAndPort> vips,
    List<InetAddress> backends,
    int controlPort,
    Optional<Path> pinFolder) {

  private static final Splitter WORDS = Splitter.on(' ').omitEmptyStrings().trimResults();

  /**
   * Reads the settings from environment variables.
   *
   * @throws IllegalArgumentException if a variable is missing or invalid; the message names it
   */
  static Settings from(Map<String, String> environment) {
    Variables variables = new Variables(environment);
    return new Settings(
        variables.get("KATRAN_INTERFACE", "eth0", Function.identity()),
        variables.get("KATRAN_ATTACH", AttachMode.AUTOMATIC.name(), Settings::attachMode),
        variables.get(
            "KATRAN_MAX_PACKET_SIZE",
            Integer.toString(Limits.defaults().maxPacketSize()),
            Integer::parseInt),
        variables.get("KATRAN_VIPS", null, Settings::vips),
        variables.get("KATRAN_BACKENDS", "", Settings::addresses),
        variables.get("KATRAN_CONTROL_PORT", "9000", Integer::parseInt),
        variables.get("KATRAN_PIN_FOLDER", "", Settings::folder));
  }

  private static AttachMode attachMode(String name) {
    return Arrays.stream(AttachMode.values())
        .filter(mode -> mode.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("is not one of " + List.of(AttachMode.values())));
  }

  private static Optional<Path> folder(String path) {
    return path.isEmpty() ? Optional.empty() : Optional.of(Path.of(path));
  }

  private static List<HostAndPort> vips(String text) {
    List<HostAndPort> vips = WORDS.splitToStream(text).map(HostAndPort::fromString).toList();
    if (vips.isEmpty()) {
      throw new IllegalArgumentException("contains no VIP");
    }
    for (HostAndPort vip : vips) {
      if (!InetAddresses.isInetAddress(vip.getHost()) || !vip.hasPort()) {
        throw new IllegalArgumentException(vip + " is not an IP address with a port");
      }
    }
    return vips;
  }

  /** Parses addresses that are separated by spaces. */
  static List<InetAddress> addresses(String text) {
    return WORDS.splitToStream(text).map(InetAddresses::forString).toList();
  }

  /** Environment variables by name. */
  record Variables(Map<String, String> values) {

    /**
     * Returns a variable's value, or the default.
     *
     * @throws IllegalArgumentException if the variable is invalid, or not set and without a default
     */
    <T> T get(String name, @Nullable String defaultValue, Function<String, T> parser) {
      String value = values.getOrDefault(name, defaultValue);
      if (value == null) {
        throw new IllegalArgumentException("environment variable " + name + " is not set");
      }
      try {
        return parser.apply(value);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "environment variable %s=\"%s\": %s".formatted(name, value, e.getMessage()), e);
      }
    }
  }
}
