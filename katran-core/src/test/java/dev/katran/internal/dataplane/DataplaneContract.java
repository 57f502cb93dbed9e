package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.Limits;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Encapsulated;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Base of the contracts that every dataplane must meet. The test of an adapter registers a {@link
 * DataplaneOpener} and has one nested class per contract.
 */
public abstract class DataplaneContract {

  public static final DataplaneConfig CONFIG =
      DataplaneConfig.of(
          Limits.defaults().vips(512).backends(64).ringSize(65537).maxPacketSize(1514));
  public static final Hop HOP = new Hop(MacAddress.parse("00:00:de:ad:be:af"), null);

  public static final int NO_FLAGS = 0;
  public static final String CLIENT4 = "198.51.100.7";
  static final String CLIENT6 = "2001:db8:c::7";
  public static final String VIP4 = "203.0.113.10";
  static final String VIP6 = "2001:db8:5::10";
  static final String BACKEND4 = "10.0.0.11";
  static final String BACKEND6 = "fd00::11";

  Dataplane dataplane;

  /**
   * Returns the configuration to open the dataplane with; its sizes must equal {@link #CONFIG}'s.
   */
  DataplaneConfig config() {
    return CONFIG;
  }

  private DataplaneOpener opener;

  @BeforeEach
  void open(DataplaneOpener opener) {
    this.opener = opener;
    dataplane = opener.open(config());
  }

  /** Closes the dataplane and opens one with this configuration. */
  void reopen(DataplaneConfig config) {
    dataplane.close();
    dataplane = opener.open(config);
  }

  @AfterEach
  void close() {
    dataplane.close();
  }

  public static VipKey tcp(String address, int port) {
    return VipKey.of(Protocol.TCP, InetAddresses.forString(address), port);
  }

  static VipKey udp(String address, int port) {
    return VipKey.of(Protocol.UDP, InetAddresses.forString(address), port);
  }

  static InetAddress address(String literal) {
    return InetAddresses.forString(literal);
  }

  /** Installs a VIP with one backend. */
  void serve(VipKey key, int vip, int flags, int backend, String address) {
    dataplane.backends().put(backend, new BackendEntry(address(address), HOP));
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.fill(slots, backend);
    dataplane.rings().put(vip, slots);
    dataplane.vips().put(key, new VipEntry(vip, flags));
  }

  /**
   * Installs TCP and UDP VIPs of both families, port 443, each with a backend of its own family.
   */
  void serveAllFamilies() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    serve(udp(VIP4, 443), 1, NO_FLAGS, 1, BACKEND4);
    serve(tcp(VIP6, 443), 2, NO_FLAGS, 2, BACKEND6);
    serve(udp(VIP6, 443), 3, NO_FLAGS, 2, BACKEND6);
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    dataplane.vips().answerPing(Destination.of(address(VIP6)), true);
  }

  /** Installs a VIP with backends 10.0.0.1 and up, one per slot in turn. */
  void serveByMany(VipKey key, int vip, int flags, int backends) {
    for (int i = 1; i <= backends; i++) {
      dataplane.backends().put(i, new BackendEntry(address("10.0.0." + i), HOP));
    }
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.setAll(slots, slot -> slot % backends + 1);
    dataplane.rings().put(vip, slots);
    dataplane.vips().put(key, new VipEntry(vip, flags));
  }

  Encapsulated forwarded(byte[] frame) {
    Simulation simulation = dataplane.program().run(frame);
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    return Encapsulated.read(simulation.frame());
  }

  void assertPasses(byte[] frame) {
    assertThat(dataplane.program().run(frame)).isEqualTo(new Simulation(Verdict.PASS, frame));
  }

  void assertDrops(byte[] frame) {
    assertThat(dataplane.program().run(frame)).isEqualTo(new Simulation(Verdict.DROP, frame));
  }
}
