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
 * Balancers to which the same is done, and a model that knows what the first one may do; all others
 * must do what that one does.
 */
final class Game implements AutoCloseable {

  private final List<TimedBalancer> balancers;
  private final Model model = new Model();
  private long packets;

  Game(List<TimedBalancer> balancers) {
    this.balancers = balancers;
  }

  /** How many packets have come in. */
  long packets() {
    return packets;
  }

  /**
   * Makes a step.
   *
   * @throws AssertionError if something is not as it must be
   */
  void play(Step step) {
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
      case Step.Pass pass -> pass(pass.time());
      case Step.Tick tick -> tick();
      case Step.Send send -> send(send.segment());
      case Step.SendOfAll all -> model.openFlows().forEach(flow -> send(Segment.Kind.DATA, flow));
      case Step.Flood flood -> flood(flood);
      case Step.Rest rest -> rest();
    }
    model.checkStatus(first());
    same("view after " + step, View::of);
  }

  private LoadBalancer first() {
    return balancers.getFirst().lb();
  }

  /** What the first balancer says, and all others, too. */
  private <T> T same(String what, Function<LoadBalancer, T> question) {
    T expected = question.apply(first());
    balancers.stream()
        .skip(1)
        .forEach(other ->
            assertThat(question.apply(other.lb()))
                .as("%s of the other balancer", what)
                .isEqualTo(expected));
    return expected;
  }

  private void change(Consumer<LoadBalancer> change) {
    balancers.forEach(balancer -> change.accept(balancer.lb()));
  }

  private void pass(Duration time) {
    balancers.forEach(balancer -> balancer.pass(time));
    model.pass(time);
  }

  private void tick() {
    balancers.forEach(TimedBalancer::tick);
  }

  private void send(Segment.Kind kind, Flow flow) {
    send(new Segment(kind, flow));
  }

  private void send(Segment segment) {
    packets++;
    byte[] frame = segment.frame();
    Route route = same("route", lb -> lb.route(segment.flow()));
    Simulation simulation = same("answer to " + segment, lb -> lb.simulate(frame));
    model.check(segment, route, Answer.of(simulation));
  }

  private void flood(Step.Flood flood) {
    for (int port = 1; port <= flood.syns(); port++) {
      send(Segment.Kind.SYN, Cast.attack(flood.vip(), port));
    }
  }

  private void rest() {
    pass(Cast.WINDOW);
    tick();
    pass(model.longestIdle().plus(Cast.UNIT));
    tick();
    model.rest();
  }

  @Override
  public void close() {
    balancers.forEach(TimedBalancer::close);
  }
}
