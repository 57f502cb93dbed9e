package dev.katran.traffic;

import java.util.List;

/** What happens to a backend. */
final class BackendDisturbances {

  static final List<Disturbance> ALL =
      List.of(
          new Disturbance("backend dies and returns", BackendDisturbances::dieAndReturn),
          new Disturbance("backend's host is away", BackendDisturbances::away),
          new Disturbance("other MAC address of a backend", BackendDisturbances::mac));

  private static final List<String> VIPS = List.of(Testbed.VIP_IPV4, Testbed.VIP_IPV6);

  private BackendDisturbances() {}

  /** A health check notices it after a while. Flows do not go back when the backend returns. */
  private static void dieAndReturn(ChaosBed bed) throws Exception {
    int server = bed.randomServer();
    bed.losing(
        Cause.BACKEND_DEAD,
        server,
        now -> {
          bed.server(server).die();
          bed.pause(500);
          bed.balancer().run("use", bed.backendsWithout(server));
        });
    bed.pause(300);
    bed.server(server).revive(VIPS, Testbed.PORT);
    bed.balancer().run("use", bed.backends());
  }

  private static void away(ChaosBed bed) throws Exception {
    int server = bed.randomServer();
    bed.losing(
        Cause.BACKEND_DEAD,
        server,
        now -> {
          bed.cableOf(server).setDown(Cable.End.HOST);
          bed.pause(500);
          bed.balancer().run("use", bed.backendsWithout(server));
        });
    bed.pause(300);
    bed.cableOf(server).setUp();
    bed.balancer().run("use", bed.backends());
  }

  private static void mac(ChaosBed bed) throws Exception {
    int server = bed.randomServer();
    String mac = "02:00:00:01:%02x:%02x".formatted(bed.random().nextInt(256), server);
    bed.losing(Cause.MAC_CHANGED, server, now -> bed.cableOf(server).setMac(Cable.End.HOST, mac));
  }
}
