package dev.katran.examples.benchmark;

import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.util.stream.IntStream;

/**
 * Something that sends frames back, at the end of its own veth pair.
 *
 * @param name the name in the results
 * @param veth where the frames come from
 * @param end closes what must be closed before the veth pair
 */
record PacketPath(String name, VethPair veth, AutoCloseable end) implements AutoCloseable {

  private static final int BACKENDS = 10;
  private static final String OWN = "10.0.255.254/16"; // in the backends' network

  /** Makes the near end of a veth pair send frames back. */
  private interface Setup {
    AutoCloseable on(VethPair veth) throws Exception;
  }

  private static PacketPath open(String name, int flows, Setup setup) throws Exception {
    VethPair veth = new VethPair(flows);
    try {
      return new PacketPath(name, veth, veth.near().call(() -> setup.on(veth)));
    } catch (Exception | Error e) {
      veth.close();
      throw e;
    }
  }

  /** Opens a program that only sends every frame back. */
  static PacketPath echo(String name, int flows) throws Exception {
    return program(name, flows, "bare_tx", "bare_tx");
  }

  /**
   * Opens a program that parses and encapsulates like the balancer but does not select a backend.
   */
  static PacketPath encapsulating(String name, int flows) throws Exception {
    return program(name, flows, "bare_encap", "bare_ipip");
  }

  private static PacketPath program(String name, int flows, String object, String program)
      throws Exception {
    return open(
        name,
        flows,
        veth -> {
          BareProgram loaded = BareProgram.load(object);
          XdpLink link = XdpLink.attach(loaded.program(program), nearIndex(), XdpLink.Mode.NATIVE);
          return () -> {
            link.close();
            loaded.close();
          };
        });
  }

  /** Opens the balancer. */
  static PacketPath balancer(String name, int flows, Tracking tracking) throws Exception {
    return open(
        name,
        flows,
        veth -> {
          LoadBalancer lb =
              LoadBalancer.on(VethPair.NEAR)
                  .limits(Limits.defaults())
                  .nextHop(NextHop.via(veth.farMac().toString()))
                  .open();
          lb.put(
              Services.vip(
                  Family.V4,
                  0,
                  tracking,
                  Services.backends(Family.V4, Forwarding.ipip(), 0, BACKENDS)));
          return lb;
        });
  }

  /** Opens destination NAT by nftables, which also selects backends by a hash. */
  static PacketPath nftables(String name, int flows) throws Exception {
    return open(
        name,
        flows,
        veth -> {
          veth.near().sysctl("net.ipv4.ip_forward", "1");
          // without XDP, frames from another program's XDP_TX are received only with GRO
          Ethtool.setFeature(VethPair.NEAR, Ethtool.Feature.GRO, true);
          try (Rtnetlink links = Rtnetlink.open()) {
            links.addAddress(nearIndex(), Cidr.parse(OWN));
            for (int i = 0; i < BACKENDS; i++) {
              links.addNeighbour(
                  nearIndex(), InetAddress.ofLiteral(Family.V4.backend(i)), veth.farMac());
            }
          }
          Nftables.translate(
              Family.V4.vip(0), IntStream.range(0, BACKENDS).mapToObj(Family.V4::backend).toList());
          // the frames have no valid checksums
          veth.near().sysctl("net.netfilter.nf_conntrack_checksum", "0");
          return () -> {};
        });
  }

  private static int nearIndex() {
    try (Rtnetlink links = Rtnetlink.open()) {
      return links.link(VethPair.NEAR).index();
    }
  }

  @Override
  public void close() {
    try {
      end.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("cannot close " + name, e);
    } finally {
      veth.close();
    }
  }
}
