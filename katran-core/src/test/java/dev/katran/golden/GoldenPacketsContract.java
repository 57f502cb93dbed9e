package dev.katran.golden;

import static java.util.stream.Collectors.joining;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.TestFactory;

/** Plays all golden scenarios; a test of a dataplane says which kind of balancer to open. */
abstract class GoldenPacketsContract {

  private final List<LoadBalancer> opened = new ArrayList<>();

  abstract LoadBalancerBuilder balancer();

  @AfterEach
  void close() {
    opened.forEach(LoadBalancer::close);
  }

  @TestFactory
  Stream<DynamicContainer> goldenPackets() {
    return GoldenFolder.scenarios().stream().map(this::play);
  }

  private DynamicContainer play(Scenario scenario) {
    LoadBalancer balancer = scenario.configure(balancer()).open();
    opened.add(balancer);
    ScenarioPlayer player = new ScenarioPlayer(scenario, Feature.SUPPORTED);
    DynamicContainer played =
        DynamicContainer.dynamicContainer(scenario.name(), player.tests(balancer));
    player
        .leftOut()
        .forEach((feature, rows) ->
            System.out.printf(
                "left out: golden %s, rows %s: no %s%n",
                scenario.name(), rows.stream().map(Row::id).collect(joining(" ")), feature));
    return played;
  }
}
