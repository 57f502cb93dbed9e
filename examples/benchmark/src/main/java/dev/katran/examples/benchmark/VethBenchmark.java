package dev.katran.examples.benchmark;

import dev.katran.Tracking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Packets per second between namespaces, and connections per second. */
@Command(
    name = "veth",
    mixinStandardHelpOptions = true,
    description = "Packets and connections per second over virtual Ethernet.")
final class VethBenchmark extends Measurement {

  @Option(
      names = "--flows",
      defaultValue = "10000",
      description = "that the frames are of (default: ${DEFAULT-VALUE})")
  private int flows;

  @Option(
      names = "--turns",
      defaultValue = "5",
      description = "that each has (default: ${DEFAULT-VALUE})")
  private int turns;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      description = "of a turn (default: ${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--sending-core",
      defaultValue = "0",
      description = "that frames are made on (default: ${DEFAULT-VALUE})")
  private int sendingCore;

  @Option(
      names = "--balancing-core",
      defaultValue = "1",
      description = "that they are balanced on (default: ${DEFAULT-VALUE})")
  private int balancingCore;

  @Override
  List<Row> measure() throws Exception {
    if (flows < 1 || turns < 1 || !(seconds > 0)) {
      throw new IllegalArgumentException("one flow, one turn and more than no time at least");
    }
    List<Lane> lanes = new ArrayList<>();
    try {
      lanes.add(Lane.bare("bare-tx", flows));
      lanes.add(Lane.balancer("none", flows, Tracking.NONE));
      lanes.add(Lane.balancer("adaptive-stable", flows, Tracking.ADAPTIVE));
      lanes.add(Lane.balancer("always", flows, Tracking.ALWAYS));
      if (Tool.exists("nft")) {
        lanes.add(Lane.nftables("nftables-dnat", flows));
      }
      List<Row> rows = new ArrayList<>(packets(lanes));
      if (!Tool.exists("nft")) {
        rows.add(notInstalled("nftables-dnat"));
      }
      return rows;
    } finally {
      for (Lane lane : lanes) {
        lane.close();
      }
    }
  }

  private static Row notInstalled(String variant) {
    return Row.of("veth", variant).with("note", "not installed");
  }

  /** In turns, so that what the machine does meanwhile meets all of them alike. */
  private List<Row> packets(List<Lane> lanes) throws Exception {
    boolean areThreaded = true;
    for (Lane lane : lanes) {
      areThreaded &= lane.wire().moveTo(balancingCore);
    }
    if (!areThreaded) {
      say("veth: frames are balanced on the core that makes them");
    }
    Duration turn = Duration.ofNanos(Math.round(seconds * 1e9));
    Map<String, Rates> rates = new LinkedHashMap<>();
    for (int i = 0; i <= turns; i++) {
      for (Lane lane : lanes) {
        Wire.Traffic traffic = lane.wire().send(sendingCore, turn);
        if (i > 0) { // the first turn is for warming up
          rates.computeIfAbsent(lane.name(), name -> new Rates()).add(traffic);
        }
      }
    }
    double bare = rates.get("bare-tx").returned.percentile(50);
    List<Row> rows = new ArrayList<>();
    rates.forEach((name, each) -> rows.add(each.row(name, flows, bare)));
    return rows;
  }

  /** The turns of one lane. */
  private static final class Rates {

    private final Samples returned = new Samples();
    private long sent;
    private long lost;

    void add(Wire.Traffic traffic) {
      returned.add(traffic.returned() / traffic.seconds());
      sent += traffic.sent();
      lost += traffic.sent() - traffic.returned();
    }

    Row row(String name, int flows, double bare) {
      return Row.of("veth", name)
          .with("flows", flows)
          .with("sent", sent)
          .with("dropped", lost)
          .with("p50", Math.round(returned.percentile(50)))
          .with("best", Math.round(returned.percentile(100)))
          .with("unit", "packets/s")
          .with("share-of-bare-tx", returned.percentile(50) / bare);
    }
  }
}
