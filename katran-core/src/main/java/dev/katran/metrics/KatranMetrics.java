package dev.katran.metrics;

import static java.util.Objects.requireNonNull;

import dev.katran.LoadBalancer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Publishes a balancer's counters and state as Micrometer meters.
 *
 * {@snippet :
 * KatranMetrics metrics = new KatranMetrics(lb);
 * metrics.bindTo(registry);
 * }
 *
 * <p>All meters show one reading of the balancer, which is made when a meter is read and the last
 * reading is older than half a second: a scrape makes one. A reading takes no system call per
 * counter, and a few milliseconds for 10,000 VIPs. Nothing runs between scrapes.
 *
 * <p>Names and units follow Micrometer's conventions. Prometheus turns {@code katran.vip.packets}
 * into {@code katran_vip_packets_total}.
 *
 * <table class="striped">
 * <caption>The meters</caption>
 * <thead><tr><th scope="col">name</th><th scope="col">type, unit</th><th scope="col">tags</th>
 * <th scope="col">what it is</th></tr></thead>
 * <tbody>
 * <tr><th scope="row">katran.frames, katran.bytes</th><td>counters</td>
 *   <td>verdict: sent, dropped, passed</td><td>all frames that arrived</td></tr>
 * <tr><th scope="row">katran.vip.packets, katran.vip.bytes</th><td>counters</td><td>vip</td>
 *   <td>sent to one of the VIP's backends</td></tr>
 * <tr><th scope="row">katran.backend.packets, katran.backend.bytes</th><td>counters</td>
 *   <td>backend</td><td>sent to the backend, of all VIPs</td></tr>
 * <tr><th scope="row">katran.drops</th><td>counter, packets</td><td>reason</td>
 *   <td>dropped packets whose reason is counted</td></tr>
 * <tr><th scope="row">katran.flow.table.lookups, .misses, .limited</th>
 *   <td>counters, packets or flows</td><td></td>
 *   <td>use of the flow table, see {@link dev.katran.Counters.FlowTableCounts}</td></tr>
 * <tr><th scope="row">katran.flow.table.capacity</th><td>gauge, flows</td><td></td>
 *   <td>how many flows the flow table has room for</td></tr>
 * <tr><th scope="row">katran.slots</th><td>gauge, slots</td><td>state: changing, settled</td>
 *   <td>ring slots of all VIPs that are not stable</td></tr>
 * <tr><th scope="row">katran.tunnels</th><td>counter, packets</td>
 *   <td>family: ipv4, ipv6 (of the outer header)</td><td>packets from tunnels that ended here</td></tr>
 * <tr><th scope="row">katran.path.mtu.messages</th><td>counter, packets</td><td>family</td>
 *   <td>"packet too big" messages that arrived</td></tr>
 * <tr><th scope="row">katran.answers.too.big</th><td>counter, packets</td><td>family</td>
 *   <td>answers to senders of packets that are too long</td></tr>
 * <tr><th scope="row">katran.vips, katran.backends</th><td>gauges</td><td></td>
 *   <td>installed VIPs, and backends of VIPs and tables</td></tr>
 * <tr><th scope="row">katran.backends.unresolved</th><td>gauge, backends</td><td></td>
 *   <td>backends whose next hop is missing</td></tr>
 * <tr><th scope="row">katran.attached</th><td>gauge</td><td>interface</td>
 *   <td>1 while the program is attached, otherwise 0</td></tr>
 * <tr><th scope="row">katran.kernel.memory</th><td>gauge, bytes</td><td></td>
 *   <td>memory of the maps and the program</td></tr>
 * <tr><th scope="row">katran.meters.omitted</th><td>gauge</td><td>kind: vip, backend</td>
 *   <td>VIPs and backends without meters, because there are too many</td></tr>
 * </tbody>
 * </table>
 *
 * <p>VIPs and backends get their meters with the reading that first finds them, which scrapers see
 * one scrape later, and lose them with the reading that misses them. To bound the number of time
 * series, at most {@value #DEFAULT_MAX_VIPS} VIPs and {@value #DEFAULT_MAX_BACKENDS} backends get
 * some, unless the constructor is told otherwise.
 *
 * <p>Thread-safe. Once the balancer is closed, counters keep their last values.
 *
 * @since 0.1.0
 */
@SuppressWarnings("exports") // an application that has metrics requires Micrometer itself
public final class KatranMetrics implements MeterBinder, AutoCloseable {

  /** How many VIPs get meters of their own, unless told otherwise. */
  public static final int DEFAULT_MAX_VIPS = 1000;

  /** How many backends get meters of their own, unless told otherwise. */
  public static final int DEFAULT_MAX_BACKENDS = 5000;

  private static final long MAX_AGE = 500_000_000; // nanoseconds

  private final LoadBalancer balancer;
  private final Tags tags;
  private final int maxVips;
  private final int maxBackends;
  private final LongSupplier nanoTime;
  private final List<Binding> bindings = new ArrayList<>();

  /** Guards {@code bindings} and updates of {@code reading}. Not waited for by readers. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile Reading reading;
  private volatile long readAt;

  /** Creates metrics of a balancer without tags of their own. */
  public KatranMetrics(LoadBalancer balancer) {
    this(balancer, Tags.empty());
  }

  /**
   * Creates metrics of a balancer.
   *
   * @param tags added to all meters; tell several balancers of a process apart
   */
  public KatranMetrics(LoadBalancer balancer, Iterable<Tag> tags) {
    this(balancer, tags, DEFAULT_MAX_VIPS, DEFAULT_MAX_BACKENDS);
  }

  /**
   * Creates metrics of a balancer.
   *
   * @param tags added to all meters; tell several balancers of a process apart
   * @param maxVips how many VIPs get meters of their own; 0 or more
   * @param maxBackends how many backends get meters of their own; 0 or more
   * @throws IllegalArgumentException if a number is negative
   * @throws IllegalStateException if the balancer is closed
   */
  public KatranMetrics(LoadBalancer balancer, Iterable<Tag> tags, int maxVips, int maxBackends) {
    this(balancer, tags, maxVips, maxBackends, System::nanoTime);
  }

  KatranMetrics(
      LoadBalancer balancer,
      Iterable<Tag> tags,
      int maxVips,
      int maxBackends,
      LongSupplier nanoTime) {
    this.balancer = requireNonNull(balancer, "balancer");
    this.tags = Tags.of(tags);
    this.maxVips = notNegative("maxVips", maxVips);
    this.maxBackends = notNegative("maxBackends", maxBackends);
    this.nanoTime = nanoTime;
    this.reading = Reading.of(balancer);
    this.readAt = nanoTime.getAsLong();
  }

  private static int notNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException("%s %d is negative".formatted(name, value));
    }
    return value;
  }

  /** Registers the meters. May be called for several registries. */
  @Override
  public void bindTo(MeterRegistry registry) {
    lock.lock();
    try {
      Binding binding = new Binding(registry, this::reading, tags, maxVips, maxBackends);
      binding.update(reading);
      bindings.add(binding);
    } finally {
      lock.unlock();
    }
  }

  /** Removes the meters from all registries. The balancer stays open. */
  @Override
  public void close() {
    lock.lock();
    try {
      bindings.forEach(Binding::remove);
      bindings.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Returns a reading that is at most half a second old, unless another thread is making one. */
  private Reading reading() {
    if (nanoTime.getAsLong() - readAt >= MAX_AGE && lock.tryLock()) {
      try {
        if (nanoTime.getAsLong() - readAt >= MAX_AGE) {
          reading = reading.next(balancer);
          readAt = nanoTime.getAsLong();
          bindings.forEach(each -> each.update(reading));
        }
      } finally {
        lock.unlock();
      }
    }
    return reading;
  }
}
