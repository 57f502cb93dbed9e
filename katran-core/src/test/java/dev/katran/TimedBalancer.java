package dev.katran;

import dev.katran.internal.control.FakeClock;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.kernel.KernelClock;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A balancer whose clock and periodic tasks advance only when the test calls for it. */
public final class TimedBalancer implements AutoCloseable {

  /** Shorter than the grace of the dataplane's deadlines. */
  private static final Duration MOST_REAL_TIME = Duration.ofSeconds(3);

  private final FakeClock clock;
  private final Consumer<Duration> other;
  private final List<Runnable> everySecond = new ArrayList<>();
  private final LoadBalancer lb;
  private long lastPassed = System.nanoTime();

  /**
   * Opens a balancer.
   *
   * @param clock the clock of the control plane
   * @param other advances the clock of the dataplane, if it has a separate one
   */
  private TimedBalancer(
      Dataplane dataplane, DataplaneConfig config, FakeClock clock, Consumer<Duration> other) {
    this.clock = clock;
    this.other = other;
    this.lb = Balancers.over(Balancers.control(dataplane, config, clock, this::schedule));
  }

  private Ticker.Ticking schedule(String what, Runnable task) {
    everySecond.add(task);
    return () -> everySecond.remove(task);
  }

  /** The secret is the same each time, so that balancers have their entries at the same places. */
  private static DataplaneConfig config(Limits limits) {
    return DataplaneConfig.of(limits).with(c -> c.flowSecret = FlowSecret.of(new Random(1)));
  }

  /**
   * Opens a balancer in plain Java. Like a real clock, the dataplane's clock never returns the same
   * reading twice.
   */
  public static TimedBalancer inMemory(Limits limits) {
    DataplaneConfig config = config(limits);
    FakeClock clock = new FakeClock();
    AtomicLong readings = new AtomicLong();
    return new TimedBalancer(
        new JavaDataplane(config, () -> clock.nanos() + readings.incrementAndGet()),
        config,
        clock,
        time -> {});
  }

  /** Opens a balancer in the kernel. */
  public static TimedBalancer inKernel(Limits limits) {
    DataplaneConfig config = config(limits);
    KernelDataplane dataplane = KernelDataplane.detached(config);
    FakeClock clock = new FakeClock();
    KernelClock kernelClock = new KernelClock(dataplane, clock.now());
    return new TimedBalancer(dataplane, config, clock, kernelClock::pass);
  }

  /**
   * Returns the balancer. Cancels out the real time that has passed for the dataplane, if that is
   * so much that it could end a change: on an emulated machine, steps take long.
   */
  public LoadBalancer lb() {
    if (System.nanoTime() - lastPassed > MOST_REAL_TIME.toNanos()) {
      passReally(Duration.ZERO);
    }
    return lb;
  }

  /** Advances both clocks without running periodic tasks. */
  public void pass(Duration time) {
    clock.pass(time);
    passReally(time);
  }

  private void passReally(Duration time) {
    other.accept(time);
    lastPassed = System.nanoTime();
  }

  /** Runs the periodic tasks once. */
  public void tick() {
    List.copyOf(everySecond).forEach(Runnable::run);
  }

  @Override
  public void close() {
    lb.close();
  }
}
