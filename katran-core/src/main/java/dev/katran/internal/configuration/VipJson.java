package dev.katran.internal.configuration;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.common.collect.ImmutableBiMap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.net.Addresses;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

/** Writes and reads single VIPs and backends. Leaves out what has its default value. */
public final class VipJson {

  static final String KEY = "key";
  private static final String BACKENDS = "backends";
  private static final String HASHING = "hashing";
  private static final String ALGORITHM = "algorithm";
  private static final String TRACKING = "tracking";
  private static final String IDLE_TIME = "idleTime";
  private static final String CHANGE_WINDOW = "changeWindow";
  private static final String QUIC = "quic";
  private static final String UDP_STABLE_ROUTING = "udpStableRouting";
  private static final String UDP_FLOW_MIGRATION = "udpFlowMigration";
  private static final String SOURCE_ROUTING = "sourceRouting";
  private static final String LOCAL_DELIVERY = "localDelivery";

  private static final String ADDRESS = "address";
  private static final String PORT = "port";
  private static final String WEIGHT = "weight";
  private static final String DRAINING = "draining";
  private static final String FORWARDING = "forwarding";
  private static final String LOCAL = "local";

  private static final ImmutableBiMap<String, Forwarding> FORWARDINGS =
      ImmutableBiMap.of(
          "IPIP",
          Forwarding.ipip(),
          "GUE",
          Forwarding.gue(),
          "REWRITE",
          Forwarding.rewrite(),
          "DIRECT",
          Forwarding.direct());

  private VipJson() {}

  /** Writes a VIP as an object. */
  public static void write(JsonGenerator to, Vip vip) throws IOException {
    Vip defaults = Vip.of(vip.key()).build();
    to.writeStartObject();
    to.writeStringField(KEY, vip.key().toString());
    if (!vip.backends().isEmpty()) {
      to.writeArrayFieldStart(BACKENDS);
      for (Backend backend : vip.backends()) {
        write(to, backend);
      }
      to.writeEndArray();
    }
    if (!vip.forwarding().equals(defaults.forwarding())) {
      to.writeStringField(FORWARDING, name(vip.forwarding()));
    }
    writeUnlessDefault(to, HASHING, vip.hashing(), defaults.hashing());
    writeUnlessDefault(to, ALGORITHM, vip.algorithm(), defaults.algorithm());
    writeUnlessDefault(to, TRACKING, vip.tracking(), defaults.tracking());
    writeUnlessDefault(to, IDLE_TIME, vip.idleTime(), defaults.idleTime());
    if (vip.changeWindow().isPresent()) {
      to.writeStringField(CHANGE_WINDOW, vip.changeWindow().get().toString());
    }
    writeIfOn(to, QUIC, vip.quic());
    writeIfOn(to, UDP_STABLE_ROUTING, vip.udpStableRouting());
    writeIfOn(to, UDP_FLOW_MIGRATION, vip.udpFlowMigration());
    writeIfOn(to, SOURCE_ROUTING, vip.sourceRouting());
    writeIfOn(to, LOCAL_DELIVERY, vip.localDelivery());
    to.writeEndObject();
  }

  /** Reads what {@link #write(JsonGenerator, Vip)} writes. */
  public static Vip readVip(JsonObject from) {
    from.allowOnly(
        KEY,
        BACKENDS,
        FORWARDING,
        HASHING,
        ALGORITHM,
        TRACKING,
        IDLE_TIME,
        CHANGE_WINDOW,
        QUIC,
        UDP_STABLE_ROUTING,
        UDP_FLOW_MIGRATION,
        SOURCE_ROUTING,
        LOCAL_DELIVERY);
    VipKey key = from.text(KEY, VipKey::parse);
    Vip defaults = Vip.of(key).build();
    Vip.Builder vip = Vip.of(key);
    Set<BackendKey> known = new HashSet<>();
    vip.backends(from.objects(BACKENDS, each -> readNew(each, known)));
    vip.forwarding(from.text(FORWARDING, defaults.forwarding(), VipJson::forwarding));
    vip.hashing(from.constant(HASHING, defaults.hashing()));
    vip.algorithm(from.constant(ALGORITHM, defaults.algorithm()));
    vip.tracking(from.constant(TRACKING, defaults.tracking()));
    from.text(IDLE_TIME, vip, text -> vip.idleTime(duration(text)));
    from.text(CHANGE_WINDOW, vip, text -> vip.changeWindow(duration(text)));
    vip.quic(from.isOn(QUIC));
    vip.udpStableRouting(from.isOn(UDP_STABLE_ROUTING));
    vip.udpFlowMigration(from.isOn(UDP_FLOW_MIGRATION));
    vip.sourceRouting(from.isOn(SOURCE_ROUTING));
    vip.localDelivery(from.isOn(LOCAL_DELIVERY));
    return from.convert(vip::build);
  }

  private static Backend readNew(JsonObject from, Set<BackendKey> known) {
    Backend backend = readBackend(from);
    if (!known.add(backend.key())) {
      throw from.refuse(ADDRESS, "duplicate backend " + backend.key());
    }
    return backend;
  }

  /** Writes a backend as an object. */
  public static void write(JsonGenerator to, Backend backend) throws IOException {
    Backend defaults = Backend.of(backend.address());
    to.writeStartObject();
    to.writeStringField(ADDRESS, Addresses.text(backend.address()));
    if (backend.port() != defaults.port()) {
      to.writeNumberField(PORT, backend.port());
    }
    if (backend.weight() != defaults.weight()) {
      to.writeNumberField(WEIGHT, backend.weight());
    }
    writeIfOn(to, DRAINING, backend.draining());
    if (backend.hasOwnForwarding()) {
      to.writeStringField(FORWARDING, name(backend.forwarding()));
    }
    writeIfOn(to, LOCAL, backend.local());
    to.writeEndObject();
  }

  /** Reads what {@link #write(JsonGenerator, Backend)} writes. */
  public static Backend readBackend(JsonObject from) {
    from.allowOnly(ADDRESS, PORT, WEIGHT, DRAINING, FORWARDING, LOCAL);
    Backend address = from.text(ADDRESS, Backend::of);
    Backend server = from.integer(PORT, address, address::port);
    Backend backend =
        from.integer(WEIGHT, server, server::weight)
            .draining(from.isOn(DRAINING))
            .local(from.isOn(LOCAL));
    return from.text(FORWARDING, backend, name -> backend.via(forwarding(name)));
  }

  /** Returns the name of a way to reach backends. */
  static String name(Forwarding forwarding) {
    String name = FORWARDINGS.inverse().get(forwarding);
    if (name == null) {
      throw new IllegalStateException("forwarding " + forwarding + " has no name");
    }
    return name;
  }

  private static Forwarding forwarding(String name) {
    Forwarding forwarding = FORWARDINGS.get(name);
    if (forwarding == null) {
      throw new IllegalArgumentException(
          "\"%s\" is not one of %s".formatted(name, FORWARDINGS.keySet()));
    }
    return forwarding;
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a duration such as \"PT1M30S\"", e);
    }
  }

  private static void writeUnlessDefault(
      JsonGenerator to, String name, Object value, Object defaultValue) throws IOException {
    if (!value.equals(defaultValue)) {
      to.writeStringField(name, value instanceof Enum<?> e ? e.name() : value.toString());
    }
  }

  private static void writeIfOn(JsonGenerator to, String name, boolean on) throws IOException {
    if (on) {
      to.writeBooleanField(name, true);
    }
  }
}
