package dev.katran.examples.replay.scenario;

import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.TrafficClass;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Reads the configuration of a balancer. Features that are absent are off; numbers that are absent
 * have the library's defaults.
 */
final class ConfigReader {

  private static final int GUE_PORT = 6080;

  /** How backends are reached. Older scenarios call it encapsulation, and know tunnels only. */
  private static final String FORWARDING = "forwarding";

  private static final String ENCAPSULATION = "encapsulation";

  private enum Kind {
    IPIP,
    GUE,
    REWRITE,
    DIRECT
  }

  private ConfigReader() {}

  static Config read(JsonFields fields) {
    Config config =
        new Config(
            NextHop.via(fields.text("gatewayMac")),
            forwarding(fields).orElse(Forwarding.ipip()),
            fields
                .optionalText("tracking")
                .map(name -> EnumNames.of(Tracking.class, "tracking", name))
                .orElse(Tracking.NONE),
            limits(fields),
            fields.isTrue("icmpTooBig"),
            decapsulation(fields),
            fields.isTrue("tcpServerIdRouting"),
            fields
                .optional("trafficClass")
                .map(node -> TrafficClass.fixed(fields.number("trafficClass")))
                .orElse(TrafficClass.copied()),
            fields.number("guePort", GUE_PORT),
            sources(fields));
    fields.end();
    return config;
  }

  /** Reads how backends are reached, of a configuration, a VIP or a backend. */
  static Optional<Forwarding> forwarding(JsonFields fields) {
    Optional<String> forwarding = fields.optionalText(FORWARDING);
    Optional<String> encapsulation = fields.optionalText(ENCAPSULATION);
    if (forwarding.isPresent() && encapsulation.isPresent()) {
      throw new IllegalArgumentException(
          "%s has both %s and %s, which is its older name"
              .formatted(fields.where(), FORWARDING, ENCAPSULATION));
    }
    return forwarding
        .map(name -> forwarding(FORWARDING, name))
        .or(() -> encapsulation.map(name -> forwarding(ENCAPSULATION, name)));
  }

  private static Forwarding forwarding(String field, String name) {
    return switch (EnumNames.of(Kind.class, field, name)) {
      case IPIP -> Forwarding.ipip();
      case GUE -> Forwarding.gue();
      case REWRITE -> Forwarding.rewrite();
      case DIRECT -> Forwarding.direct();
    };
  }

  /** Reads the limits. As in the C++ Katran, {@code maxVips} seeds the flow hash as well. */
  private static Limits limits(JsonFields fields) {
    Limits defaults = Limits.defaults();
    int maxVips = fields.number("maxVips", defaults.vips());
    return defaults
        .vips(maxVips)
        .hashSeed(maxVips)
        .ringSize(fields.number("ringSize", defaults.ringSize()))
        .maxPacketSize(fields.number("maxPacketSize", defaults.maxPacketSize()));
  }

  private static Decapsulation decapsulation(JsonFields fields) {
    boolean decapsulates = fields.isTrue("inlineDecapsulation");
    boolean isStrict = fields.isTrue("strictDecapsulation");
    if (!decapsulates) {
      return Decapsulation.OFF;
    }
    return isStrict ? Decapsulation.STRICT : Decapsulation.ANY;
  }

  private static List<String> sources(JsonFields fields) {
    return Stream.of("sourceV4", "sourceV6")
        .flatMap(name -> fields.optionalText(name).stream())
        .toList();
  }
}
