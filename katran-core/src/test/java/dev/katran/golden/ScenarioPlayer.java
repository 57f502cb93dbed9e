package dev.katran.golden;

import dev.katran.LoadBalancer;
import dev.katran.VipKey;
import dev.katran.golden.Scenario.InstalledVip;
import dev.katran.golden.Scenario.Step;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;

/**
 * Plays a scenario against a balancer: each step and each row is a test, to be run in order. Left
 * out is what needs a feature that is not supported:
 *
 * <ul>
 *   <li>the whole scenario, if its configuration does;
 *   <li>a VIP that does, by its flags or as a prefix, and the rows to its address;
 *   <li>rows to a VIP whose ring has changed after packets were fed, without a flow table.
 * </ul>
 */
final class ScenarioPlayer {

  private final Scenario scenario;
  private final Set<Feature> supported;

  private final List<DynamicTest> tests = new ArrayList<>();
  private final Map<Feature, List<Row>> leftOut = new EnumMap<>(Feature.class);
  private final Map<VipKey, InstalledVip> vips = new HashMap<>();
  private final Set<VipKey> changedUnderTraffic = new HashSet<>();
  private boolean packetsFed;

  ScenarioPlayer(Scenario scenario, Set<Feature> supported) {
    this.scenario = scenario;
    this.supported = supported;
  }

  /** What there is to play; nothing, if the scenario's configuration is not supported. */
  List<DynamicTest> tests(LoadBalancer balancer) {
    for (Step step : scenario.steps()) {
      switch (step) {
        case Step.Install(InstalledVip vip) -> put(balancer, vip);
        case Step.AddFlags(VipKey key, Set<String> flags) ->
            put(balancer, installed(key).withFlags(flags));
        case Step.Remove(VipKey key, InetAddress backend) ->
            put(balancer, installed(key).without(backend));
        case Step.OfFeature(String name) -> {
          // no row that is played depends on it
        }
        case Step.Packets(List<Row> rows) -> rows.forEach(row -> feed(balancer, row));
      }
    }
    return tests;
  }

  /** The rows that {@link #tests} left out, by the feature that they need. */
  Map<Feature, List<Row>> leftOut() {
    return leftOut;
  }

  private InstalledVip installed(VipKey key) {
    return Objects.requireNonNull(vips.get(key), () -> key + " is not installed");
  }

  private void put(LoadBalancer balancer, InstalledVip vip) {
    InstalledVip before = vips.put(vip.key(), vip);
    if (packetsFed && before != null && !before.backends().equals(vip.backends())) {
      changedUnderTraffic.add(vip.key());
    }
    Set<Feature> needs = EnumSet.noneOf(Feature.class);
    needs.addAll(scenario.needs());
    needs.addAll(vip.needs());
    if (supported.containsAll(needs)) {
      tests.add(DynamicTest.dynamicTest("put " + vip.toVip(), () -> balancer.put(vip.toVip())));
    }
  }

  private void feed(LoadBalancer balancer, Row row) {
    packetsFed = true;
    Set<Feature> missing = needs(row);
    missing.removeAll(supported);
    if (missing.isEmpty()) {
      tests.add(
          DynamicTest.dynamicTest(row.toString(), () -> row.check(balancer.simulate(row.frame()))));
    }
    missing.forEach(
        feature -> leftOut.computeIfAbsent(feature, absent -> new ArrayList<>()).add(row));
  }

  private Set<Feature> needs(Row row) {
    Set<Feature> needs = EnumSet.noneOf(Feature.class);
    needs.addAll(scenario.needs());
    row.destination()
        .ifPresent(destination ->
            vips.values().stream()
                .filter(vip -> vip.covers(destination))
                .forEach(vip -> needs.addAll(needs(vip))));
    return needs;
  }

  private Set<Feature> needs(InstalledVip vip) {
    Set<Feature> needs = vip.needs();
    if (changedUnderTraffic.contains(vip.key())) {
      needs.add(Feature.FLOW_TABLE);
    }
    return needs;
  }
}
