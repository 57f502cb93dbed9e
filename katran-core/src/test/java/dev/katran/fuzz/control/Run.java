package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.Route;
import dev.katran.Simulation;
import dev.katran.TimedBalancer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One run of the fuzz: applies steps to one or more balancers and to a model. The model checks the
 * first balancer; the others must behave exactly like the first.
 */
final class Run implements AutoCloseable {

  private final List<TimedBalancer> balancers;
  private final Model model = new Model();
  private long packets;

  Run(List<TimedBalancer> balancers) {
    this.balancers = balancers;
  }

  /** Returns the number of packets sent so far. */
  long packets() {
    return packets;
  }

  /**
   * Executes a step and checks its effects.
   *
   * @throws AssertionError if a check fails
   */
  void execute(Step step) {
    switch (step) {
      case Step.Put put -> {
        change(lb -> lb.put(put.vip()));
        model.put(put.vip());
      }
      case Step.Remove remove -> {
        change(lb -> lb.remove(remove.vip()));
        model.remove(remove.vip());
      }
      case Step.Apply apply -> {
        change(lb -> lb.apply(apply.vips()));
        model.apply(apply.vips());
      }
      case Step.AdvanceTime advance -> advanceTime(advance.time());
      case Step.Tick tick -> tick();
      case Step.Send send -> send(send.packet());
      case Step.SendToOpenFlows all ->
          model.openFlows().forEach(flow -> send(FlowPacket.Kind.DATA, flow));
      case Step.SynFlood flood -> flood(flood);
      case Step.Quiesce quiesce -> quiesce();
    }
    cancelRealTime();
    model.checkStatus(first());
    requireSame("state after " + step, BalancerState::of);
  }

  private LoadBalancer first() {
    return balancers.getFirst().lb();
  }

  /** Queries all balancers and returns the result of the first; the others must be equal to it. */
  private <T> T requireSame(String what, Function<LoadBalancer, T> query) {
    T expected = query.apply(first());
    balancers.stream()
        .skip(1)
        .forEach(other ->
            assertThat(query.apply(other.lb()))
                .as("%s of the other balancer", what)
                .isEqualTo(expected));
    return expected;
  }

  private void change(Consumer<LoadBalancer> change) {
    balancers.forEach(balancer -> change.accept(balancer.lb()));
    cancelRealTime();
  }

  /** A change may load a program, which takes an emulated machine more than a unit of time. */
  private void cancelRealTime() {
    balancers.forEach(balancer -> balancer.pass(Duration.ZERO));
  }

  private void advanceTime(Duration time) {
    balancers.forEach(balancer -> balancer.pass(time));
    model.advanceTime(time);
  }

  private void tick() {
    balancers.forEach(TimedBalancer::tick);
  }

  private void send(FlowPacket.Kind kind, Flow flow) {
    send(new FlowPacket(kind, flow));
  }

  private void send(FlowPacket packet) {
    packets++;
    byte[] frame = packet.frame();
    Route route = requireSame("route", lb -> lb.route(packet.flow()));
    Simulation simulation = requireSame("outcome of " + packet, lb -> lb.simulate(frame));
    model.check(packet, route, Outcome.of(simulation));
  }

  private void flood(Step.SynFlood flood) {
    for (int port = 1; port <= flood.syns(); port++) {
      send(FlowPacket.Kind.SYN, Fixtures.attack(flood.vip(), port));
    }
  }

  private void quiesce() {
    // Slots settle, and the entries of their flows expire.
    advanceTime(Fixtures.LONG);
    tick();
    // Slots become stable, after the pause between two scans.
    advanceTime(Fixtures.LONG);
    tick();
    model.quiesce();
  }

  @Override
  public void close() {
    balancers.forEach(TimedBalancer::close);
  }
}
