package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Flow;
import dev.katran.Hashing;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.internal.packet.FiveTuple;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlowHashingTest {

  private static final Flow FLOW = Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443);
  private static final Flow FLOW6 = Flow.udp("fc00:2::1", 49152, "fc00:1::1", 443);

  @ParameterizedTest
  @CsvSource({
    "FLOW, 0",
    "SOURCE_ADDRESS, 1",
    "DESTINATION_PORT, 2",
    "BOTH_PORTS, 4",
    "SOURCE_ADDRESS_AND_DESTINATION_PORT, 5",
    "DESTINATION_PORT_UNIFORM, 3"
  })
  void flags_hashing_matchTheDatapath(Hashing hashing, int flags) {
    assertThat(VipFlags.of(hashing)).isEqualTo(flags);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOW, 49152, 443, 0",
    "SOURCE_ADDRESS, 0, 443, 0",
    "DESTINATION_PORT, 49152, 443, 443",
    "BOTH_PORTS, 49152, 443, 443",
    "SOURCE_ADDRESS_AND_DESTINATION_PORT, 0, 443, 443",
    "DESTINATION_PORT_UNIFORM, 0, 443, 443"
  })
  void key_hashing_clearsUnhashedPorts(
      Hashing hashing, int sourcePort, int exactPort, int anyPort) {
    FiveTuple flow = FlowHashing.tuple(FLOW);
    int flags = VipFlags.of(hashing);

    assertThat(FlowHashing.key(flags, flow, true))
        .isEqualTo(flow.withSourcePort(sourcePort).withDestinationPort(exactPort));
    assertThat(FlowHashing.key(flags, flow, false))
        .isEqualTo(flow.withSourcePort(sourcePort).withDestinationPort(anyPort));
  }

  @ParameterizedTest
  @CsvSource({
    "FLOW, 198.51.100.7, 49152, 0",
    "SOURCE_ADDRESS, 198.51.100.7, 0, 0",
    "DESTINATION_PORT, 0.0.0.0, 443, 443",
    "BOTH_PORTS, 198.51.100.7, 49152, 443",
    "SOURCE_ADDRESS_AND_DESTINATION_PORT, 198.51.100.7, 0, 443",
    "DESTINATION_PORT_UNIFORM, 0.0.0.0, 443, 443"
  })
  void slot_anyPortVip_equalsSlotOfHashedFields(
      Hashing hashing, String source, int sourcePort, int destinationPort) {
    Flow hashed = Flow.tcp(source, sourcePort, "203.0.113.10", destinationPort);

    assertSameSlot(hashing, FLOW, hashed);
  }

  @ParameterizedTest
  @CsvSource({"DESTINATION_PORT", "DESTINATION_PORT_UNIFORM"})
  void slot_ipv6WithoutSource_hashesAsIpv6(Hashing hashing) {
    assertSameSlot(hashing, FLOW6, Flow.udp("::", 443, "fc00:1::1", 443));
  }

  private static void assertSameSlot(Hashing hashing, Flow flow, Flow hashed) {
    int flags = VipFlags.of(hashing);
    FiveTuple key = FlowHashing.key(flags, FlowHashing.tuple(flow), false);

    assertThat(FlowHashing.slot(Limits.defaults(), flags, key))
        .isEqualTo(Ring.of(List.of()).slot(hashed));
  }
}
