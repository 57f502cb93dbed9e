package dev.katran.traffic;

import java.util.List;

/** What the balancer is told. A client notices none of it. */
final class ConfigurationDisturbances {

  static final List<Disturbance> ALL =
      List.of(
          new Disturbance("weight", ConfigurationDisturbances::weight),
          new Disturbance("drain", ConfigurationDisturbances::drain),
          new Disturbance("all backends", ConfigurationDisturbances::useAll));

  private static final int MOST_WEIGHT = 9;

  private ConfigurationDisturbances() {}

  static void weight(ChaosBed bed) throws Exception {
    bed.balancer().run("weight " + (1 + bed.random().nextInt(MOST_WEIGHT)), bed.backends());
  }

  private static void drain(ChaosBed bed) throws Exception {
    bed.balancer().run("drain " + bed.randomServer(), bed.backends());
  }

  private static void useAll(ChaosBed bed) throws Exception {
    bed.balancer().run("use", bed.backends());
  }
}
