package dev.katran.examples.benchmark;

import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.RingAlgorithm;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.time.Duration;
import java.util.function.Consumer;

/** Open flows through a balancer, whose backends come and go meanwhile. */
final class Churn {

  private static final int CHANGES_PER_ROUND = 8;

  /** At least so many flows send a packet between two changes, if there are so many. */
  private static final int LEAST_FLOWS_BETWEEN = 1000;

  /** Settled slots are found once a second. */
  private static final Duration SETTLING = Duration.ofSeconds(2);

  private final ChurnScenario scenario;
  private final Settings settings;
  private final Consumer<String> progress;
  private final OpenFlows flows;
  private final RandomChanges random;
  private Vip vip;
  private int changes;
  private int syns;
  private long lastChange;
  private double slowestRound;

  /**
   * How much there is to do.
   *
   * @param flows that are open
   * @param duration for which backends come and go
   * @param syns of a flood
   * @param window of a change
   * @param entries of the flow table
   */
  record Settings(int flows, Duration duration, int syns, Duration window, int entries) {}

  Churn(ChurnScenario scenario, Settings settings, Consumer<String> progress) {
    this.scenario = scenario;
    this.settings = settings;
    this.progress = progress;
    this.flows = new OpenFlows(settings.flows());
    this.random = new RandomChanges(1);
    this.vip =
        Services.vip(Family.V4, 0, scenario.tracking(), random.atFirst()).toBuilder()
            .algorithm(RingAlgorithm.MAGLEV_V2) // which heeds weights
            .build();
  }

  private LoadBalancer openBalancer() {
    return LoadBalancer.detached()
        .limits(Limits.defaults().flows(settings.entries()))
        .changeWindow(settings.window())
        .open();
  }

  Row run() throws InterruptedException {
    LoadBalancer lb = openBalancer();
    try {
      lb.put(vip);
      openAll(lb);
      if (scenario.restarts()) {
        lb.close();
        lb = openBalancer();
        lb.put(vip);
        round(lb);
      } else {
        if (scenario.flood() == ChurnScenario.Flood.BEFORE) {
          progress.accept("a flood");
          while (syns < settings.syns()) {
            flood(lb);
          }
        }
        change(lb);
      }
      return row(lb);
    } finally {
      lb.close();
    }
  }

  private void openAll(LoadBalancer lb) throws InterruptedException {
    progress.accept("%d flows begin".formatted(flows.count()));
    Pacer pacer = new Pacer();
    for (int flow = 0; flow < flows.count(); flow++) {
      if (scenario.tracking() == Tracking.ALWAYS) {
        pacer.awaitNext();
      }
      flows.begin(flow, lb);
    }
  }

  private void flood(LoadBalancer lb) {
    flows.begin(flows.count() + syns, lb);
    syns++;
  }

  /** Changes for a while, and then goes on until all slots that changed are settled. */
  private void change(LoadBalancer lb) {
    long end = System.nanoTime() + settings.duration().toNanos();
    boolean floods = scenario.flood() == ChurnScenario.Flood.DURING;
    while (System.nanoTime() < end || (floods && syns < settings.syns())) {
      changingRound(lb, floods);
    }
    if (scenario.tracking() != Tracking.ADAPTIVE) {
      return;
    }
    long settled = lastChange + settings.window().plus(SETTLING).toNanos();
    do {
      round(lb);
    } while (System.nanoTime() < settled);
    round(lb);
  }

  private void changingRound(LoadBalancer lb, boolean floods) {
    long start = System.nanoTime();
    int stretch = Math.max(Math.ceilDiv(flows.count(), CHANGES_PER_ROUND), LEAST_FLOWS_BETWEEN);
    for (int flow = 0; flow < flows.count(); flow++) {
      if (flow % stretch == 0) {
        changeOnce(lb);
      }
      if (floods && syns < settings.syns()) {
        flood(lb);
      }
      flows.go(flow, lb);
    }
    took(start);
    progress.accept("%d changes, %d flows changed".formatted(changes, flows.changed()));
  }

  private void changeOnce(LoadBalancer lb) {
    RandomChanges.Change change = random.next(vip);
    vip = change.vip();
    lb.put(vip);
    change.removed().ifPresent(flows::lose);
    changes++;
    lastChange = System.nanoTime();
  }

  /** A packet of each flow, and no change. */
  private void round(LoadBalancer lb) {
    long start = System.nanoTime();
    for (int flow = 0; flow < flows.count(); flow++) {
      flows.go(flow, lb);
    }
    took(start);
  }

  private void took(long start) {
    slowestRound = Math.max(slowestRound, (System.nanoTime() - start) / 1e9);
    if (scenario.tracking() == Tracking.ADAPTIVE && slowestRound > settings.window().toSeconds()) {
      throw new IllegalArgumentException(
          "a packet of each of %d flows takes %.1f s, which is longer than the window of %d s: fewer flows or a longer --window"
              .formatted(flows.count(), slowestRound, settings.window().toSeconds()));
    }
  }

  private Row row(LoadBalancer lb) {
    return Row.of("churn", scenario.toString())
        .with("flows", flows.count())
        .with("syns", syns)
        .with("changes", changes)
        .with("packets", flows.packets())
        .with("lost-backend", flows.rehomed())
        .with("changed", flows.changed())
        .with("entries", lb.flows().report(Duration.ZERO).entries())
        .with("limited", lb.counters().flowTable().limited())
        .with("window", settings.window().toSeconds())
        .with("slowest-round", slowestRound)
        .with("unit", "flows");
  }
}
