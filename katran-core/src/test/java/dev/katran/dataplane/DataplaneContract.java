package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.ffm.net.MacAddress;
import dev.katran.packets.Encapsulated;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What every dataplane is held to, whatever it runs on. The contracts extend it, and a test of an
 * adapter has one nested class for each contract, which says how the adapter is opened.
 */
abstract class DataplaneContract {

  static final DataplaneConfig CONFIG = new DataplaneConfig(512, 64, 65537, 1514);
  static final Hop HOP = new Hop(MacAddress.parse("00:00:de:ad:be:af"), null);

  static final int NO_FLAGS = 0;
  static final String CLIENT4 = "198.51.100.7";
  static final String CLIENT6 = "2001:db8:c::7";
  static final String VIP4 = "203.0.113.10";
  static final String VIP6 = "2001:db8:5::10";
  static final String BACKEND4 = "10.0.0.11";
  static final String BACKEND6 = "fd00::11";

  Dataplane dataplane;

  abstract Dataplane open(DataplaneConfig config);

  /** What the dataplane is opened with; the sizes are those of {@link #CONFIG}. */
  DataplaneConfig config() {
    return CONFIG;
  }

  @BeforeEach
  void open() {
    dataplane = open(config());
  }

  @AfterEach
  void close() {
    dataplane.close();
  }

  static VipKey tcp(String address, int port) {
    return new VipKey(InetAddresses.forString(address), port, Protocol.TCP);
  }

  static VipKey udp(String address, int port) {
    return new VipKey(InetAddresses.forString(address), port, Protocol.UDP);
  }

  static InetAddress address(String literal) {
    return InetAddresses.forString(literal);
  }

  /** Installs a VIP whose packets all go to one backend. */
  void serve(VipKey key, int vip, int flags, int backend, String address) {
    dataplane.putBackend(backend, new BackendEntry(address(address), HOP));
    int[] slots = new int[CONFIG.ringSize()];
    Arrays.fill(slots, backend);
    dataplane.putRing(vip, slots);
    dataplane.putVip(key, new VipEntry(vip, flags));
  }

  /** Installs TCP and UDP VIPs of both families, port 443, each with one backend of its family. */
  void serveEverything() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    serve(udp(VIP4, 443), 1, NO_FLAGS, 1, BACKEND4);
    serve(tcp(VIP6, 443), 2, NO_FLAGS, 2, BACKEND6);
    serve(udp(VIP6, 443), 3, NO_FLAGS, 2, BACKEND6);
    dataplane.answerPing(Destination.of(address(VIP4)), true);
    dataplane.answerPing(Destination.of(address(VIP6)), true);
  }

  /** Installs a VIP with so many backends, 10.0.0.1 and on, that neighbouring slots differ in. */
  void serveByMany(VipKey key, int vip, int flags, int backends) {
    for (int i = 1; i <= backends; i++) {
      dataplane.putBackend(i, new BackendEntry(address("10.0.0." + i), HOP));
    }
    int[] slots = new int[CONFIG.ringSize()];
    Arrays.setAll(slots, slot -> slot % backends + 1);
    dataplane.putRing(vip, slots);
    dataplane.putVip(key, new VipEntry(vip, flags));
  }

  Encapsulated forwarded(byte[] frame) {
    Simulation simulation = dataplane.run(frame);
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    return Encapsulated.read(simulation.frame());
  }

  void assertPasses(byte[] frame) {
    assertThat(dataplane.run(frame)).isEqualTo(new Simulation(Verdict.PASS, frame));
  }

  void assertDrops(byte[] frame) {
    assertThat(dataplane.run(frame)).isEqualTo(new Simulation(Verdict.DROP, frame));
  }
}
