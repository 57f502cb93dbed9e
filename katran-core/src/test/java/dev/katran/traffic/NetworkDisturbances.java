package dev.katran.traffic;

import java.util.List;

/** What happens to the balancer's interface, and floods. */
final class NetworkDisturbances {

  static final List<Disturbance> ALL =
      List.of(
          new Disturbance("interface down and up", bed -> downAndUp(bed, Cable.End.HOST)),
          new Disturbance("carrier lost and back", bed -> downAndUp(bed, Cable.End.ROUTER)),
          new Disturbance("interface deleted and created", NetworkDisturbances::recreate),
          new Disturbance(
              "interface deleted and created while the process is dead",
              NetworkDisturbances::recreateWhileDead),
          new Disturbance("other MAC address of the balancer", bed -> mac(bed, Cable.End.HOST)),
          new Disturbance("other MAC address of the router", bed -> mac(bed, Cable.End.ROUTER)),
          new Disturbance("SYN flood", NetworkDisturbances::flood),
          new Disturbance("flow table full", NetworkDisturbances::fill));

  private static final String[] VIPS = {Testbed.VIP_IPV4, Testbed.VIP_IPV6};

  private NetworkDisturbances() {}

  private static void downAndUp(ChaosBed bed, Cable.End end) throws Exception {
    bed.losing(
        Cause.INTERFACE_DOWN,
        Causes.ANY,
        now -> {
          bed.cable().setDown(end);
          bed.pause(1000);
          bed.cable().setUp(VIPS);
        });
  }

  private static void recreate(ChaosBed bed) throws Exception {
    bed.losing(
        Cause.INTERFACE_DELETED,
        Causes.ANY,
        now -> {
          bed.cable().cut();
          bed.pause(1000);
          bed.cable().restore(VIPS);
        });
  }

  private static void recreateWhileDead(ChaosBed bed) throws Exception {
    bed.balancer().kill();
    bed.losing(
        Cause.INTERFACE_DELETED,
        Causes.ANY,
        now -> {
          bed.cable().cut();
          bed.pause(300);
          bed.cable().restore(VIPS);
          bed.adopt();
        });
  }

  private static void mac(ChaosBed bed, Cable.End end) throws Exception {
    String mac =
        "02:00:00:00:%02x:%02x".formatted(bed.random().nextInt(256), end == Cable.End.HOST ? 2 : 1);
    bed.losing(Cause.MAC_CHANGED, Causes.ANY, now -> bed.cable().setMac(end, mac));
  }

  /** In a steady state or in a change, whatever was before: there is room in the flow table. */
  private static void flood(ChaosBed bed) throws Exception {
    bed.flood(4000);
  }

  private static void fill(ChaosBed bed) throws Exception {
    bed.losing(
        Cause.NO_ROOM,
        Causes.ANY,
        now -> {
          ConfigurationDisturbances.weight(bed);
          bed.flood(30_000);
          Thread.sleep(1000); // then every packet can take the place of a SYN
        });
  }
}
