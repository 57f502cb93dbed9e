package dev.katran.examples.benchmark;

import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.time.Duration;
import java.util.function.Consumer;

/** Sends open flows through a balancer while its backends come and go. */
final class Churn {

  private static final int CHANGES_PER_ROUND = 8;

  /** The smallest number of flows that send a packet between two changes, if there are as many. */
  private static final int MIN_FLOWS_BETWEEN_CHANGES = 1000;

  /** Leaves time for slots to settle, which the balancer checks once a second. */
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
   * The size of the scenario.
   *
   * @param flows number of open flows
   * @param duration how long backends come and go
   * @param syns number of SYNs in a flood
   * @param window the change window
   * @param entries the size of the flow table
   */
  record Settings(int flows, Duration duration, int syns, Duration window, int entries) {}

  Churn(ChurnScenario scenario, Settings settings, Consumer<String> progress) {
    this.scenario = scenario;
    this.settings = settings;
    this.progress = progress;
    this.flows = new OpenFlows(settings.flows());
    this.random = new RandomChanges(1);
    this.vip = Services.vip(Family.V4, 0, scenario.tracking(), random.initialBackends());
  }

  private LoadBalancer openBalancer() {
    return LoadBalancer.detached()
        .limits(Limits.defaults().flowTableSize(settings.entries()))
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
          progress.accept("sending a flood of SYNs");
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
    progress.accept("opening %d flows".formatted(flows.count()));
    Pacer pacer = new Pacer();
    for (int flow = 0; flow < flows.count(); flow++) {
      if (scenario.tracking() == Tracking.ALWAYS) {
        pacer.awaitNext();
      }
      flows.open(flow, lb);
    }
  }

  private void flood(LoadBalancer lb) {
    flows.open(flows.count() + syns, lb);
    syns++;
  }

  /** Applies changes for a while, then continues until all changed slots have settled. */
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
    int flowsBetweenChanges =
        Math.max(Math.ceilDiv(flows.count(), CHANGES_PER_ROUND), MIN_FLOWS_BETWEEN_CHANGES);
    for (int flow = 0; flow < flows.count(); flow++) {
      if (flow % flowsBetweenChanges == 0) {
        changeOnce(lb);
      }
      if (floods && syns < settings.syns()) {
        flood(lb);
      }
      flows.sendNext(flow, lb);
    }
    recordRound(start);
    progress.accept("%d changes, %d flows moved".formatted(changes, flows.changed()));
  }

  private void changeOnce(LoadBalancer lb) {
    RandomChanges.Change change = random.next(vip);
    vip = change.vip();
    lb.put(vip);
    change.removed().ifPresent(flows::backendRemoved);
    changes++;
    lastChange = System.nanoTime();
  }

  /** Sends a packet of each flow without a change. */
  private void round(LoadBalancer lb) {
    long start = System.nanoTime();
    for (int flow = 0; flow < flows.count(); flow++) {
      flows.sendNext(flow, lb);
    }
    recordRound(start);
  }

  private void recordRound(long start) {
    slowestRound = Math.max(slowestRound, (System.nanoTime() - start) / 1e9);
    if (scenario.tracking() == Tracking.ADAPTIVE && slowestRound > settings.window().toSeconds()) {
      throw new IllegalArgumentException(
          ("one packet of each of %d flows takes %.1f s, longer than the window of %d s; lower"
                  + " --flows or raise --window")
              .formatted(flows.count(), slowestRound, settings.window().toSeconds()));
    }
  }

  private Row row(LoadBalancer lb) {
    return Row.of("churn", scenario.toString())
        .with("flows", flows.count())
        .with("syns", syns)
        .with("changes", changes)
        .with("packets", flows.packets())
        .with("lost-backend", flows.lostBackends())
        .with("changed", flows.changed())
        .with("entries", lb.flows().report(Duration.ZERO).entries())
        .with("limited", lb.counters().flowTable().limited())
        .with("window", settings.window().toSeconds())
        .with("slowest-round", slowestRound)
        .with("unit", "flows");
  }
}
