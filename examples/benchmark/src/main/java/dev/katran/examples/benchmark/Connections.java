package dev.katran.examples.benchmark;

import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A client, backends, and several who bring the client's connections there. */
final class Connections implements AutoCloseable {

  private static final int BACKENDS = 2;

  private final Lab lab = Lab.create();
  private final Deque<Runnable> ends = new ArrayDeque<>();
  private final List<ConnectionLane> lanes = new ArrayList<>();
  private final Clients clients;

  /**
   * Builds the network and starts what is installed of those that are compared.
   *
   * @param clientNumber how many connections are open at once
   */
  Connections(int clientNumber) throws Exception {
    ends.push(lab::close);
    try {
      Host client = lab.host("client");
      ConnectionLane.widenPorts(client);
      clients = new Clients(client, clientNumber);
      List<BackendServer> servers = new ArrayList<>();
      for (int i = 1; i <= BACKENDS; i++) {
        servers.add(server(i, clientNumber));
      }
      List<InetAddress> backends = servers.stream().map(BackendServer::address).toList();
      add(ConnectionLane.direct("direct-tcp", servers.get(0)));
      add(ConnectionLane.balancer("adaptive-stable-tcp", lab, backends));
      if (Tool.exists(Nftables.COMMAND)) {
        add(ConnectionLane.nftables("nftables-dnat-tcp", lab, backends));
      }
      if (Tool.exists(Haproxy.COMMAND)) {
        add(ConnectionLane.haproxy("haproxy-tcp", lab, backends));
      }
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  private BackendServer server(int number, int threads) throws Exception {
    Host host = lab.host("backend-" + number, ConnectionLane.FABRIC);
    host.addLoopbackAddress(Family.V4.vip(0));
    BackendServer server = BackendServer.start(host, threads);
    ends.push(server::close);
    return server;
  }

  private void add(ConnectionLane lane) {
    ends.push(lane.end());
    lanes.add(lane);
  }

  /** Has the clients connect by each of them in turns. */
  List<Row> measure(int turns, Duration turn) throws Exception {
    List<Rates> rates =
        Rates.inTurns(lanes, turns, (lane, each) -> clients.connect(lane.target(), turn, each));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < lanes.size(); i++) {
      Row row =
          Row.of("veth", lanes.get(i).name())
              .with("connections", rates.get(i).done())
              .with("failed", rates.get(i).failed());
      rows.add(rates.get(i).in(row, "connections/s", "share-of-direct", rates.get(0)));
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
