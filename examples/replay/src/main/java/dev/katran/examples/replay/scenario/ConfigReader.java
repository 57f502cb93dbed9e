package dev.katran.examples.replay.scenario;

import dev.katran.Decapsulation;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.TrafficClass;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads how a balancer is configured. What is not named is off, or as usual. */
final class ConfigReader {

  private static final int GUE_PORT = 6080;

  private enum Tunnel {
    IPIP,
    GUE
  }

  private ConfigReader() {}

  static Config read(Fields fields) {
    Limits usual = Limits.defaults();
    Config config =
        new Config(
            NextHop.via(fields.text("gatewayMac")),
            encapsulation(fields).orElse(Encapsulation.ipip()),
            fields
                .optionalText("tracking")
                .map(name -> Choices.of(Tracking.class, "tracking", name))
                .orElse(Tracking.NONE),
            new Limits(
                fields.number("maxVips", usual.vips()),
                usual.backends(),
                fields.number("ringSize", usual.ringSize()),
                fields.number("maxPacketSize", usual.maxPacketSize())),
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

  /** The encapsulation that an object names, be it the configuration or a backend. */
  static Optional<Encapsulation> encapsulation(Fields fields) {
    return fields
        .optionalText("encapsulation")
        .map(name ->
            switch (Choices.of(Tunnel.class, "encapsulation", name)) {
              case IPIP -> Encapsulation.ipip();
              case GUE -> Encapsulation.gue();
            });
  }

  private static Decapsulation decapsulation(Fields fields) {
    boolean decapsulates = fields.isTrue("inlineDecapsulation");
    boolean isStrict = fields.isTrue("strictDecapsulation");
    if (!decapsulates) {
      return Decapsulation.OFF;
    }
    return isStrict ? Decapsulation.STRICT : Decapsulation.ANY;
  }

  private static List<String> sources(Fields fields) {
    return Stream.of("sourceV4", "sourceV6")
        .flatMap(name -> fields.optionalText(name).stream())
        .toList();
  }
}
