package dev.katran.metrics;

import static java.util.Objects.requireNonNull;

import dev.katran.BackendKey;
import dev.katran.Count;
import dev.katran.Counters.ByFamily;
import dev.katran.VipKey;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The meters of a balancer in one registry. The caller guards it. */
final class Binding {

  private static final String PACKETS = "packets";
  private static final String FLOWS = "flows";

  private final MeterRegistry registry;
  private final Supplier<Reading> now;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();
  private final TrafficMeters<VipKey> vips;
  private final TrafficMeters<BackendKey> backends;

  /** Registers the meters. */
  Binding(MeterRegistry registry, Supplier<Reading> now, Tags tags, int maxVips, int maxBackends) {
    this.registry = requireNonNull(registry, "registry");
    this.now = now;
    this.tags = tags;
    this.vips = new TrafficMeters<>("vip", maxVips, Reading::vips, this::counter, registry);
    this.backends =
        new TrafficMeters<>("backend", maxBackends, Reading::backends, this::counter, registry);
    counters();
    gauges();
  }

  private void counters() {
    frames("sent", Reading::sent);
    frames("dropped", Reading::dropped);
    frames("passed", Reading::passed);
    for (DropReason reason : DropReason.values()) {
      count(
          "katran.drops",
          PACKETS,
          "Dropped packets",
          Tags.of("reason", reason.tag()),
          reading -> reading.drops().get(reason));
    }
    count(
        "katran.flow.table.lookups",
        PACKETS,
        "Lookups in the flow table",
        Tags.empty(),
        reading -> reading.flowTable().lookups());
    count(
        "katran.flow.table.misses",
        PACKETS,
        "Lookups of flows that were not in the flow table",
        Tags.empty(),
        reading -> reading.flowTable().misses());
    count(
        "katran.flow.table.limited",
        FLOWS,
        "New flows that found no place in the flow table",
        Tags.empty(),
        reading -> reading.flowTable().limited());
    byFamily("katran.tunnels", "Packets from tunnels that ended here", Reading::decapsulated);
    byFamily("katran.path.mtu.messages", "Packet too big messages received", Reading::pathMtu);
    byFamily("katran.answers.too.big", "Packet too big messages sent", Reading::tooBigSent);
  }

  private void frames(String verdict, Function<Reading, Count> frames) {
    Tags ofVerdict = Tags.of("verdict", verdict);
    count(
        "katran.frames",
        "frames",
        "Frames that arrived",
        ofVerdict,
        reading -> frames.apply(reading).packets());
    count(
        "katran.bytes",
        "bytes",
        "Bytes of the frames that arrived",
        ofVerdict,
        reading -> frames.apply(reading).bytes());
  }

  private void byFamily(String name, String description, Function<Reading, ByFamily> value) {
    count(name, PACKETS, description, Tags.of("family", "ipv4"), each -> value.apply(each).ipv4());
    count(name, PACKETS, description, Tags.of("family", "ipv6"), each -> value.apply(each).ipv6());
  }

  private void gauges() {
    gauge(
        "katran.flow.table.capacity",
        FLOWS,
        "Flows that the flow table has room for",
        Tags.empty(),
        Reading::flowTableCapacity);
    gauge(
        "katran.slots",
        "slots",
        "Ring slots that are not stable",
        Tags.of("state", "changing"),
        Reading::changingSlots);
    gauge(
        "katran.slots",
        "slots",
        "Ring slots that are not stable",
        Tags.of("state", "settled"),
        Reading::settledSlots);
    gauge("katran.vips", "vips", "Installed VIPs", Tags.empty(), each -> each.vips().size());
    gauge(
        "katran.backends",
        "backends",
        "Backends of VIPs and tables",
        Tags.empty(),
        reading -> reading.backends().size());
    gauge(
        "katran.backends.unresolved",
        "backends",
        "Backends whose next hop is missing",
        Tags.empty(),
        Reading::unresolved);
    now.get()
        .attached()
        .keySet()
        .forEach(name ->
            gauge(
                "katran.attached",
                null,
                "1 while the program is attached, otherwise 0",
                Tags.of("interface", name),
                reading -> Boolean.TRUE.equals(reading.attached().get(name)) ? 1 : 0));
    gauge(
        "katran.kernel.memory",
        "bytes",
        "Kernel memory of the maps and the program",
        Tags.empty(),
        Reading::kernelMemory);
    gauge(
        "katran.meters.omitted",
        null,
        "VIPs and backends without meters",
        Tags.of("kind", "vip"),
        vips::omitted);
    gauge(
        "katran.meters.omitted",
        null,
        "VIPs and backends without meters",
        Tags.of("kind", "backend"),
        backends::omitted);
  }

  private void count(
      String name, String unit, String description, Tags more, ToDoubleFunction<Reading> value) {
    meters.add(counter(name, unit, description, more, value));
  }

  private void gauge(
      String name,
      @Nullable String unit,
      String description,
      Tags more,
      ToDoubleFunction<Reading> value) {
    meters.add(
        Gauge.builder(name, () -> value.applyAsDouble(now.get()))
            .tags(tags.and(more))
            .baseUnit(unit)
            .description(description)
            .register(registry));
  }

  private Meter counter(
      String name, String unit, String description, Tags more, ToDoubleFunction<Reading> value) {
    Supplier<Reading> current = now;
    // the meter holds its object weakly and its function strongly
    return FunctionCounter.builder(name, current, same -> value.applyAsDouble(current.get()))
        .tags(tags.and(more))
        .baseUnit(unit)
        .description(description)
        .register(registry);
  }

  /** Registers meters for new VIPs and backends, and removes those of others. */
  void update(Reading reading) {
    vips.update(reading);
    backends.update(reading);
  }

  /** Removes all meters from the registry. */
  void remove() {
    vips.remove();
    backends.remove();
    meters.forEach(registry::remove);
  }
}
