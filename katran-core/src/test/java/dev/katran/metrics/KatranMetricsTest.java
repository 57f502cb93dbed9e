package dev.katran.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.NextHop;
import dev.katran.Vip;
import dev.katran.packets.Packet;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KatranMetricsTest {

  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(Backend.of("10.0.0.1")).build();
  private static final Vip DNS =
      Vip.udp("203.0.113.10", 53).backends(Backend.of("10.0.0.2")).build();
  private static final String WEB_TAG = WEB.key().toString();

  private final LoadBalancer lb =
      LoadBalancer.inMemory()
          .limits(Limits.defaults().vips(4).backends(4).ringSize(251).flowTableSize(1024))
          .nextHop(NextHop.via("02:00:00:00:00:01"))
          .open();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final AtomicLong nanos = new AtomicLong();

  @AfterEach
  void close() {
    lb.close();
  }

  private KatranMetrics metrics(int maxVips, int maxBackends) {
    return new KatranMetrics(lb, Tags.of("site", "a"), maxVips, maxBackends, nanos::get);
  }

  private KatranMetrics bound() {
    KatranMetrics metrics = metrics(10, 10);
    metrics.bindTo(registry);
    return metrics;
  }

  /** Has the next read make a new reading. */
  private void later() {
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
  }

  private void scrape() {
    later();
    registry.getMeters().forEach(meter -> meter.measure().forEach(each -> each.getValue()));
  }

  private double count(String name, String... tags) {
    return registry.get(name).tags(tags).functionCounter().count();
  }

  private double gauge(String name, String... tags) {
    return registry.get(name).tags(tags).gauge().value();
  }

  private Stream<String> vipsWithMeters() {
    return registry.find("katran.vip.packets").functionCounters().stream()
        .map(each -> each.getId().getTag("vip"));
  }

  private void send() {
    lb.simulate(Packet.tcp("198.51.100.7", 4000, "203.0.113.10", 443).frame());
  }

  @Test
  void counters_packetOfAVip_areThoseOfTheBalancer() {
    lb.put(WEB);
    bound();
    send();
    lb.simulate(Packet.tcp("198.51.100.7", 4000, "192.0.2.1", 443).frame());
    later();

    assertThat(count("katran.frames", "verdict", "sent")).isEqualTo(1);
    assertThat(count("katran.frames", "verdict", "passed")).isEqualTo(1);
    assertThat(count("katran.bytes", "verdict", "sent"))
        .isEqualTo((double) lb.counters().sent().bytes())
        .isPositive();
    assertThat(count("katran.vip.packets", "vip", WEB_TAG)).isEqualTo(1);
    assertThat(count("katran.vip.bytes", "vip", WEB_TAG))
        .isEqualTo((double) lb.counters().vip(WEB).orElseThrow().bytes());
    assertThat(count("katran.backend.packets", "backend", "10.0.0.1")).isEqualTo(1);
    assertThat(gauge("katran.vips")).isEqualTo(1);
    assertThat(gauge("katran.backends")).isEqualTo(1);
  }

  @Test
  void drops_emptyRing_areCountedByReason() {
    lb.put(Vip.tcp("203.0.113.10", 443).build());
    bound();
    send();
    later();

    assertThat(count("katran.drops", "reason", "ring_empty")).isEqualTo(1);
    assertThat(count("katran.drops", "reason", "malformed")).isZero();
    assertThat(count("katran.frames", "verdict", "dropped")).isEqualTo(1);
  }

  @Test
  void meters_vipsComeAndGo_follow() {
    bound();
    assertThat(vipsWithMeters()).isEmpty();

    lb.put(WEB);
    lb.put(DNS);
    scrape();
    assertThat(vipsWithMeters()).containsExactlyInAnyOrder(WEB_TAG, DNS.key().toString());

    lb.remove(DNS);
    scrape();
    assertThat(vipsWithMeters()).containsExactly(WEB_TAG);
    assertThat(registry.find("katran.backend.packets").functionCounters()).hasSize(1);
  }

  @Test
  void meters_moreVipsThanTheMaximum_areOmitted() {
    lb.put(WEB);
    lb.put(DNS);
    metrics(1, 0).bindTo(registry);

    assertThat(vipsWithMeters()).hasSize(1);
    assertThat(registry.find("katran.backend.packets").functionCounters()).isEmpty();
    assertThat(gauge("katran.meters.omitted", "kind", "vip")).isEqualTo(1);
    assertThat(gauge("katran.meters.omitted", "kind", "backend")).isEqualTo(2);
  }

  @Test
  void slots_duringAChange_areChanging() {
    lb.put(WEB);
    bound();
    lb.put(WEB.with(Backend.of("10.0.0.2")));
    later();

    assertThat(gauge("katran.slots", "state", "changing"))
        .isEqualTo(lb.status(WEB.key()).orElseThrow().changing())
        .isPositive();
    assertThat(gauge("katran.slots", "state", "settled")).isZero();
  }

  @Test
  void reading_withinHalfASecond_isKept() {
    lb.put(WEB);
    bound();
    send();
    assertThat(count("katran.vip.packets", "vip", WEB_TAG)).isZero();

    nanos.addAndGet(Duration.ofMillis(500).toNanos());
    assertThat(count("katran.vip.packets", "vip", WEB_TAG)).isEqualTo(1);
  }

  @Test
  void meters_all_haveTheTagsAndADescription() {
    lb.put(WEB);
    bound();

    assertThat(registry.getMeters())
        .isNotEmpty()
        .allSatisfy(meter -> {
          assertThat(meter.getId().getTag("site")).isEqualTo("a");
          assertThat(meter.getId().getDescription()).isNotBlank();
          assertThat(meter.getId().getName()).startsWith("katran.");
        });
  }

  @Test
  void balancer_closed_keepsItsCounts() {
    lb.put(WEB);
    bound();
    send();
    scrape();
    lb.close();
    later();

    assertThat(count("katran.vip.packets", "vip", WEB_TAG)).isEqualTo(1);
    assertThat(gauge("katran.vips")).isEqualTo(1);
    assertThat(gauge("katran.kernel.memory")).isZero();
  }

  @Test
  void close_removesAllMetersFromAllRegistries() {
    lb.put(WEB);
    KatranMetrics metrics = bound();
    SimpleMeterRegistry other = new SimpleMeterRegistry();
    metrics.bindTo(other);
    assertThat(other.getMeters()).hasSameSizeAs(registry.getMeters());

    metrics.close();

    assertThat(registry.getMeters()).isEmpty();
    assertThat(other.getMeters()).isEmpty();
  }

  /** Registries hold what they measure weakly, and an application need not keep the metrics. */
  @Test
  void metrics_notKeptByTheApplication_goOn() throws Exception {
    lb.put(WEB);
    WeakReference<KatranMetrics> kept = new WeakReference<>(bound());
    System.gc();
    Thread.sleep(50);
    send();
    later();

    assertThat(kept.get()).isNotNull();
    assertThat(count("katran.vip.packets", "vip", WEB_TAG)).isEqualTo(1);
  }

  @Test
  void constructor_negativeMaximum_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KatranMetrics(lb, Tags.empty(), -1, 0))
        .withMessage("maxVips -1 is negative");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KatranMetrics(lb, Tags.empty(), 0, -2))
        .withMessage("maxBackends -2 is negative");
  }
}
