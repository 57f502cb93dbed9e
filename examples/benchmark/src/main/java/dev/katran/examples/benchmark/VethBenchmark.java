package dev.katran.examples.benchmark;

import dev.katran.Tracking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
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

  /** Each has a thread at the client and one at every backend. */
  private static final int MAX_CLIENTS = 400;

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

  @Option(
      names = "--clients",
      defaultValue = "16",
      description = "that have a connection open at once (default: ${DEFAULT-VALUE})")
  private int clients;

  @Override
  List<Row> measure() throws Exception {
    if (flows < 1 || turns < 1 || !(seconds > 0)) {
      throw new IllegalArgumentException("one flow, one turn and more than no time at least");
    }
    if (clients < 1 || clients > MAX_CLIENTS) {
      throw new IllegalArgumentException(
          "%d clients are not in 1..%d".formatted(clients, MAX_CLIENTS));
    }
    Duration turn = Duration.ofNanos(Math.round(seconds * 1e9));
    List<Row> rows = new ArrayList<>(packets(turn));
    try (Connections connections = new Connections(clients)) {
      rows.addAll(connections.measure(turns, turn));
    }
    if (!Tool.exists(Nftables.COMMAND)) {
      rows.add(notInstalled("nftables-dnat"));
      rows.add(notInstalled("nftables-dnat-tcp"));
    }
    if (!Tool.exists(Haproxy.COMMAND)) {
      rows.add(notInstalled("haproxy-tcp"));
    }
    return rows;
  }

  private static Row notInstalled(String variant) {
    return Row.of("veth", variant).with("note", "not installed");
  }

  private List<Row> packets(Duration turn) throws Exception {
    List<Lane> lanes = new ArrayList<>();
    try {
      lanes.add(Lane.bare("bare-tx", flows));
      lanes.add(Lane.encapsulating("bare-encap", flows));
      lanes.add(Lane.balancer("none", flows, Tracking.NONE));
      lanes.add(Lane.balancer("adaptive-stable", flows, Tracking.ADAPTIVE));
      lanes.add(Lane.balancer("always", flows, Tracking.ALWAYS));
      if (Tool.exists(Nftables.COMMAND)) {
        lanes.add(Lane.nftables("nftables-dnat", flows));
      }
      return packets(lanes, turn);
    } finally {
      for (Lane lane : lanes) {
        lane.close();
      }
    }
  }

  private List<Row> packets(List<Lane> lanes, Duration turn) throws Exception {
    boolean areThreaded = true;
    for (Lane lane : lanes) {
      areThreaded &= lane.wire().moveTo(balancingCore);
    }
    if (!areThreaded) {
      say("veth: frames are balanced on the core that makes them");
    }
    Map<String, Samples> work = new HashMap<>();
    List<Rates> rates =
        Rates.inTurns(
            lanes,
            turns,
            (lane, each) -> {
              Wire.Traffic traffic = lane.wire().send(sendingCore, turn);
              each.add(traffic.returned(), traffic.sent() - traffic.returned(), traffic.seconds());
              work.computeIfAbsent(lane.name(), name -> new Samples())
                  .add((double) traffic.worked() / traffic.returned());
            });
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Rates each = rates.get(i);
      Row row =
          Row.of("veth", lanes.get(i).name())
              .with("flows", flows)
              .with("sent", each.done() + each.failed())
              .with("dropped", each.failed());
      row = each.in(row, "packets/s", "share-of-bare-tx", rates.get(0));
      rows.add(
          areThreaded ? row.with("core-ns", work.get(lanes.get(i).name()).percentile(50)) : row);
    }
    return rows;
  }
}
