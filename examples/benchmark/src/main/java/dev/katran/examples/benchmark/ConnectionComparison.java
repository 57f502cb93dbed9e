package dev.katran.examples.benchmark;

import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A client, backends, and the paths that connect them, to be compared. */
final class ConnectionComparison implements AutoCloseable {

  private static final int BACKENDS = 2;

  private final Lab lab = Lab.create();
  private final Deque<Runnable> ends = new ArrayDeque<>();
  private final List<ConnectionPath> paths = new ArrayList<>();
  private final Clients clients;

  /**
   * Builds the network and starts every path whose tools are installed.
   *
   * @param clientNumber how many connections are open at once
   */
  ConnectionComparison(int clientNumber) throws Exception {
    ends.push(lab::close);
    try {
      Host client = lab.host("client");
      ConnectionPath.widenPorts(client);
      clients = new Clients(client, clientNumber);
      List<BackendServer> servers = new ArrayList<>();
      for (int i = 1; i <= BACKENDS; i++) {
        servers.add(server(i, clientNumber));
      }
      List<InetAddress> backends = servers.stream().map(BackendServer::address).toList();
      add(ConnectionPath.direct("direct-tcp", servers.get(0)));
      add(ConnectionPath.balancer("adaptive-stable-tcp", lab, backends));
      if (Tool.exists(Nftables.COMMAND)) {
        add(ConnectionPath.nftables("nftables-dnat-tcp", lab, backends));
      }
      if (Tool.exists(Haproxy.COMMAND)) {
        add(ConnectionPath.haproxy("haproxy-tcp", lab, backends));
      }
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  private BackendServer server(int number, int threads) throws Exception {
    Host host = lab.host("backend-" + number, ConnectionPath.FABRIC);
    host.addLoopbackAddress(Family.V4.vip(0));
    BackendServer server = BackendServer.start(host, threads);
    ends.push(server::close);
    return server;
  }

  private void add(ConnectionPath path) {
    ends.push(path.end());
    paths.add(path);
  }

  /** Lets the clients connect over each path in turn. */
  List<Row> measure(int turns, Duration turn) throws Exception {
    List<Rates> rates =
        Rates.inTurns(paths, turns, (path, each) -> clients.connect(path.target(), turn, each));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      Row row =
          Row.of("veth", paths.get(i).name())
              .with("connections", rates.get(i).done())
              .with("failed", rates.get(i).failed());
      rows.add(rates.get(i).addTo(row, "connections/s", "share-of-direct", rates.get(0)));
    }
    return rows;
  }

  @Override
  public void close() {
    while (!ends.isEmpty()) {
      ends.pop().run();
    }
  }
}
