package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which fields of a flow are hashed, and which of them show in the outer source address. */
public abstract class HashingContract extends DataplaneContract {

  private static final int BACKENDS = 7;

  /** Enough flows to reach every backend if the fields in which they differ are hashed. */
  private static final int FLOWS = 200;

  private Set<InetAddress> backendsOf(IntFunction<Packet> flows) {
    return sent(flows).map(Encapsulated::destination).collect(Collectors.toSet());
  }

  private Set<InetAddress> outerSourcesOf(IntFunction<Packet> flows) {
    return sent(flows).map(Encapsulated::source).collect(Collectors.toSet());
  }

  private Stream<Encapsulated> sent(IntFunction<Packet> flows) {
    return IntStream.range(0, FLOWS).mapToObj(i -> forwarded(flows.apply(i).frame()));
  }

  private static Packet fromAddress(int i) {
    return Packet.tcp("198.51.100." + i, 49152, VIP4, 443);
  }

  private static Packet fromPort(int i) {
    return Packet.tcp(CLIENT4, 49152 + i, VIP4, 443);
  }

  private static Packet toPort(int i) {
    return Packet.tcp(CLIENT4, 49152, VIP4, 443 + i);
  }

  @Test
  void hash_default_usesSourceAddressAndPort() {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, BACKENDS);
    assertThat(backendsOf(HashingContract::fromAddress)).hasSize(BACKENDS);
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(BACKENDS);
  }

  @Test
  void hash_ipv6_usesWholeAddress() {
    serveByMany(tcp(VIP6, 443), 0, NO_FLAGS, BACKENDS);
    for (String pattern :
        new String[] {"%x::1", "2001:db8:0:%x::1", "2001:db8::%x:0:0:1", "2001:db8::%x"}) {
      assertThat(backendsOf(i -> Packet.tcp(pattern.formatted(i + 0x2000), 49152, VIP6, 443)))
          .as(pattern)
          .hasSize(BACKENDS);
    }
  }

  @Test
  void hash_sameFlow_keepsItsBackend() {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, BACKENDS);
    assertThat(backendsOf(i -> Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(i).ttl(1 + i)))
        .hasSize(1);
  }

  @Test
  void hash_anyPortVip_ignoresDestinationPort() {
    serveByMany(tcp(VIP4, 0), 0, NO_FLAGS, BACKENDS);
    assertThat(backendsOf(HashingContract::toPort)).hasSize(1);
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(BACKENDS);
  }

  @Test
  void hash_anyPortVipWithBothPorts_usesDestinationPort() {
    serveByMany(tcp(VIP4, 0), 0, VipFlags.HASH_BOTH_PORTS, BACKENDS);
    assertThat(backendsOf(HashingContract::toPort)).hasSize(BACKENDS);
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(BACKENDS);
  }

  @Test
  void hash_noSourcePort_keepsClientOnItsBackend() {
    serveByMany(tcp(VIP4, 443), 0, VipFlags.HASH_NO_SOURCE_PORT, BACKENDS);
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(1);
    assertThat(backendsOf(HashingContract::fromAddress)).hasSize(BACKENDS);
  }

  @Test
  void outerSource_noSourcePort_omitsSourcePort() {
    serveByMany(tcp(VIP4, 443), 0, VipFlags.HASH_NO_SOURCE_PORT, BACKENDS);
    assertThat(outerSourcesOf(HashingContract::fromPort)).containsExactly(address("172.16.100.7"));
  }

  @Test
  void hash_destinationPortOnly_sharesBackendAmongClients() {
    serveByMany(tcp(VIP4, 0), 0, VipFlags.HASH_DESTINATION_PORT_ONLY, BACKENDS);
    assertThat(backendsOf(HashingContract::fromAddress)).hasSize(1);
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(1);
    assertThat(backendsOf(HashingContract::toPort)).hasSize(BACKENDS);
  }

  @Test
  void outerSource_destinationPortOnly_hasSourcePortButNotAddress() {
    serveByMany(tcp(VIP4, 0), 0, VipFlags.HASH_DESTINATION_PORT_ONLY, BACKENDS);
    assertThat(outerSourcesOf(HashingContract::fromAddress))
        .containsExactly(address("172.16.0.192")); // port 0xc000
    assertThat(outerSourcesOf(HashingContract::fromPort)).hasSize(FLOWS);
  }

  @Test
  void hash_destinationPortOnlyOfOnePort_usesOneBackend() {
    int flags = VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_NO_SOURCE_PORT;
    serveByMany(tcp(VIP6, 443), 0, flags, BACKENDS);
    IntFunction<Packet> clients = i -> Packet.tcp("2001:db8::" + i, 1024 + i, VIP6, 443);
    assertThat(backendsOf(clients)).hasSize(1);
    assertThat(outerSourcesOf(clients)).containsExactly(address("172.16.0.0"));
  }

  @Test
  void put_flagsChange_takesEffect() {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, BACKENDS);
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(0, VipFlags.HASH_NO_SOURCE_PORT));
    assertThat(backendsOf(HashingContract::fromPort)).hasSize(1);
  }
}
