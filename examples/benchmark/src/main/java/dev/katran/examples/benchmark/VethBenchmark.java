package dev.katran.examples.benchmark;

import dev.katran.Tracking;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures packets per second and connections per second between network namespaces. */
@Command(
    name = "veth",
    mixinStandardHelpOptions = true,
    description = "Measures packets and connections per second over virtual Ethernet.")
final class VethBenchmark extends Measurement {

  /** Each client has a thread of its own and one on every backend. */
  private static final int MAX_CLIENTS = 400;

  @Option(
      names = "--flows",
      defaultValue = "10000",
      description = "number of flows that the frames belong to (default: ${DEFAULT-VALUE})")
  private int flows;

  @Option(
      names = "--turns",
      defaultValue = "5",
      description = "turns of each variant (default: ${DEFAULT-VALUE})")
  private int turns;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      description = "length of a turn (default: ${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--sending-core",
      defaultValue = "0",
      description = "core that generates frames (default: ${DEFAULT-VALUE})")
  private int sendingCore;

  @Option(
      names = "--balancing-core",
      defaultValue = "1",
      description = "core that balances them (default: ${DEFAULT-VALUE})")
  private int balancingCore;

  @Option(
      names = "--clients",
      defaultValue = "16",
      description = "concurrent clients (default: ${DEFAULT-VALUE})")
  private int clients;

  @Override
  List<Row> measure() throws Exception {
    if (flows < 1 || turns < 1 || !(seconds > 0)) {
      throw new IllegalArgumentException(
          "--flows and --turns must be 1 or more, --seconds more than 0");
    }
    if (clients < 1 || clients > MAX_CLIENTS) {
      throw new IllegalArgumentException(
          "--clients %d is not in 1..%d".formatted(clients, MAX_CLIENTS));
    }
    Duration turn = Duration.ofNanos(Math.round(seconds * 1e9));
    List<Row> rows = new ArrayList<>(packets(turn));
    try (ConnectionComparison connections = new ConnectionComparison(clients)) {
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
    List<PacketPath> paths = new ArrayList<>();
    try {
      paths.add(PacketPath.echo("bare-tx", flows));
      paths.add(PacketPath.encapsulating("bare-encap", flows));
      paths.add(PacketPath.balancer("none", flows, Tracking.NONE));
      paths.add(PacketPath.balancer("adaptive-stable", flows, Tracking.ADAPTIVE));
      paths.add(PacketPath.balancer("always", flows, Tracking.ALWAYS));
      if (Tool.exists(Nftables.COMMAND)) {
        paths.add(PacketPath.nftables("nftables-dnat", flows));
      }
      return packets(paths, turn);
    } finally {
      for (PacketPath path : paths) {
        path.close();
      }
    }
  }

  private List<Row> packets(List<PacketPath> paths, Duration turn) throws Exception {
    boolean areThreaded = true;
    for (PacketPath path : paths) {
      areThreaded &= path.veth().receiveOn(balancingCore);
    }
    if (!areThreaded) {
      progress(
          "veth: cannot move reception to another core; frames are balanced on the sending core");
    }
    Map<String, Samples> work = new HashMap<>();
    List<Rates> rates =
        Rates.inTurns(
            paths,
            turns,
            (path, each) -> {
              VethPair.Traffic traffic = path.veth().send(sendingCore, turn);
              each.add(traffic.returned(), traffic.sent() - traffic.returned(), traffic.seconds());
              work.computeIfAbsent(path.name(), name -> new Samples())
                  .add((double) traffic.worked() / traffic.returned());
            });
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      Rates each = rates.get(i);
      Row row =
          Row.of("veth", paths.get(i).name())
              .with("flows", flows)
              .with("sent", each.done() + each.failed())
              .with("dropped", each.failed());
      row = each.addTo(row, "packets/s", "share-of-bare-tx", rates.get(0));
      rows.add(
          areThreaded ? row.with("core-ns", work.get(paths.get(i).name()).percentile(50)) : row);
    }
    return rows;
  }
}
