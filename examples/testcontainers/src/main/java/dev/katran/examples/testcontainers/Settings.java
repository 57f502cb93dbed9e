package dev.katran.examples.testcontainers;

import com.google.common.base.Splitter;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.katran.AttachMode;
import dev.katran.Limits;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the environment says.
 *
 * @param interfaceName {@code KATRAN_INTERFACE}: where packets come in; {@code eth0} by default
 * @param attachMode {@code KATRAN_ATTACH}: {@code AUTOMATIC} by default
 * @param maxPacketSize {@code KATRAN_MAX_PACKET_SIZE}: bytes of the largest frame that is forwarded
 * @param vips {@code KATRAN_VIPS}: addresses and TCP ports, separated by spaces
 * @param backends {@code KATRAN_BACKENDS}: addresses, separated by spaces; those of a VIP are those
 *     of its address family
 * @param controlPort {@code KATRAN_CONTROL_PORT}: of the HTTP interface; 9000 by default
 */
record Settings(
    String interfaceName,
    AttachMode attachMode,
    int maxPacketSize,
    List<HostAndPort> vips,
    List<InetAddress> backends,
    int controlPort) {

  private static final Splitter WORDS = Splitter.on(' ').omitEmptyStrings().trimResults();

  /**
   * Reads the environment's variables.
   *
   * @throws IllegalArgumentException if one has an illegal value; names it
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
        variables.get("KATRAN_CONTROL_PORT", "9000", Integer::parseInt));
  }

  private static AttachMode attachMode(String name) {
    return Arrays.stream(AttachMode.values())
        .filter(mode -> mode.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("is none of " + List.of(AttachMode.values())));
  }

  private static List<HostAndPort> vips(String text) {
    List<HostAndPort> vips = WORDS.splitToStream(text).map(HostAndPort::fromString).toList();
    if (vips.isEmpty()) {
      throw new IllegalArgumentException("there is no VIP in it");
    }
    for (HostAndPort vip : vips) {
      if (!InetAddresses.isInetAddress(vip.getHost()) || !vip.hasPort()) {
        throw new IllegalArgumentException(vip + " is no address with a port");
      }
    }
    return vips;
  }

  /** Addresses, separated by spaces. */
  static List<InetAddress> addresses(String text) {
    return WORDS.splitToStream(text).map(InetAddresses::forString).toList();
  }

  /** The environment's variables, by name. */
  record Variables(Map<String, String> values) {

    /** A variable's value; without a default, it must be there. */
    <T> T get(String name, @Nullable String byDefault, Function<String, T> parser) {
      String value = values.getOrDefault(name, byDefault);
      if (value == null) {
        throw new IllegalArgumentException("the environment variable " + name + " is not set");
      }
      try {
        return parser.apply(value);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "the environment variable %s is \"%s\": %s".formatted(name, value, e.getMessage()), e);
      }
    }
  }
}
