package dev.katran;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.KernelClock;
import dev.katran.dataplane.KernelDataplane;
import dev.katran.ffm.net.MacAddress;
import dev.katran.nexthop.NextHops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A balancer for which no time passes, and nothing is done every second, until it is told so. */
public final class TimedBalancer implements AutoCloseable {

  private final FakeClock clock;
  private final Consumer<Duration> other;
  private final List<Runnable> everySecond = new ArrayList<>();
  private final LoadBalancer lb;

  /**
   * A balancer.
   *
   * @param clock of the control plane
   * @param other the clock of the dataplane, if it is another one
   */
  private TimedBalancer(
      Dataplane dataplane, DataplaneConfig config, FakeClock clock, Consumer<Duration> other) {
    this.clock = clock;
    this.other = other;
    NextHops nextHops = NextHops.fixed(new Hop(MacAddress.parse("02:00:00:00:00:01"), null));
    this.lb =
        new LoadBalancer(config, new Control(dataplane, config, nextHops, clock, this::schedule));
  }

  private Schedule.Repeated schedule(String what, Runnable task) {
    everySecond.add(task);
    return () -> everySecond.remove(task);
  }

  /** One in plain Java. As with other clocks, no two readings of it are the same. */
  public static TimedBalancer inMemory(Limits limits) {
    DataplaneConfig config = DataplaneConfig.of(limits);
    FakeClock clock = new FakeClock();
    AtomicLong readings = new AtomicLong();
    return new TimedBalancer(
        new JavaDataplane(config, () -> clock.nanos() + readings.incrementAndGet()),
        config,
        clock,
        time -> {});
  }

  /** One in the kernel. */
  public static TimedBalancer inKernel(Limits limits) {
    DataplaneConfig config = DataplaneConfig.of(limits);
    KernelDataplane dataplane = KernelDataplane.detached(config);
    KernelClock kernelClock = new KernelClock(dataplane);
    return new TimedBalancer(dataplane, config, new FakeClock(), kernelClock::pass);
  }

  /** The balancer itself. */
  public LoadBalancer lb() {
    return lb;
  }

  /** Time passes, in which nothing is done. */
  public void pass(Duration time) {
    clock.pass(time);
    other.accept(time);
  }

  /** What is done every second is done once. */
  public void tick() {
    List.copyOf(everySecond).forEach(Runnable::run);
  }

  @Override
  public void close() {
    lb.close();
  }
}
