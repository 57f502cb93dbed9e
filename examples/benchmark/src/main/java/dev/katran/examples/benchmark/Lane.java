package dev.katran.examples.benchmark;

import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.NextHop;
import dev.katran.Tracking;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.util.stream.IntStream;

/**
 * One of those who send frames back, at the end of a wire of its own.
 *
 * @param name what it is called in the results
 * @param wire where the frames come from
 * @param end what is to be closed before the wire
 */
record Lane(String name, Wire wire, AutoCloseable end) implements AutoCloseable {

  private static final int BACKENDS = 10;
  private static final String OWN = "10.0.255.254/16"; // in the backends' network

  /** What makes the near end of a wire send frames back. */
  private interface Setup {
    AutoCloseable on(Wire wire) throws Exception;
  }

  private static Lane open(String name, int flows, Setup setup) throws Exception {
    Wire wire = new Wire(flows);
    try {
      return new Lane(name, wire, wire.near().call(() -> setup.on(wire)));
    } catch (Exception | Error e) {
      wire.close();
      throw e;
    }
  }

  /** A program that does nothing but send every frame back. */
  static Lane bare(String name, int flows) throws Exception {
    return program(name, flows, "bare_tx", "bare_tx");
  }

  /** The balancer without its choice: it reads, encapsulates and sends back every frame. */
  static Lane encapsulating(String name, int flows) throws Exception {
    return program(name, flows, "bare_encap", "bare_ipip");
  }

  private static Lane program(String name, int flows, String object, String program)
      throws Exception {
    return open(
        name,
        flows,
        wire -> {
          BareProgram loaded = BareProgram.load(object);
          XdpLink link = XdpLink.attach(loaded.program(program), nearIndex(), XdpLink.Mode.NATIVE);
          return () -> {
            link.close();
            loaded.close();
          };
        });
  }

  /** The balancer. */
  static Lane balancer(String name, int flows, Tracking tracking) throws Exception {
    return open(
        name,
        flows,
        wire -> {
          LoadBalancer lb =
              LoadBalancer.on(Wire.NEAR)
                  .limits(Limits.defaults())
                  .nextHop(NextHop.via(wire.farMac().toString()))
                  .open();
          lb.put(
              Services.vip(
                  Family.V4,
                  0,
                  tracking,
                  Services.backends(Family.V4, Encapsulation.ipip(), 0, BACKENDS)));
          return lb;
        });
  }

  /** The kernel's own address translation, which also spreads flows by a hash. */
  static Lane nftables(String name, int flows) throws Exception {
    return open(
        name,
        flows,
        wire -> {
          wire.near().sysctl("net.ipv4.ip_forward", "1");
          // without XDP it is polling that takes in frames which another program sends
          Ethtool.setFeature(Wire.NEAR, Ethtool.Feature.GRO, true);
          try (Rtnetlink links = Rtnetlink.open()) {
            links.addAddress(nearIndex(), Prefix.parse(OWN));
            for (int i = 0; i < BACKENDS; i++) {
              links.addNeighbour(
                  nearIndex(), InetAddress.ofLiteral(Family.V4.backend(i)), wire.farMac());
            }
          }
          Nftables.translate(
              Family.V4.vip(0), IntStream.range(0, BACKENDS).mapToObj(Family.V4::backend).toList());
          // the frames have no checksums that hold
          wire.near().sysctl("net.netfilter.nf_conntrack_checksum", "0");
          return () -> {};
        });
  }

  private static int nearIndex() {
    try (Rtnetlink links = Rtnetlink.open()) {
      return links.link(Wire.NEAR).index();
    }
  }

  @Override
  public void close() {
    try {
      end.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("close " + name, e);
    } finally {
      wire.close();
    }
  }
}
