package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.VipKey;
import dev.katran.packets.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which packets are of which VIP, and from when on. */
abstract class VipContract extends DataplaneContract {

  private static final int SERVICES = 4;

  /** Installs rings that lead to one backend each: number n to 10.0.0.(n + 1). */
  private void installRings() {
    for (int number = 0; number < SERVICES; number++) {
      dataplane.putBackend(number + 1, new BackendEntry(address("10.0.0." + (number + 1)), HOP));
      dataplane.putRing(number, slotsOf(number + 1));
    }
  }

  private static int[] slotsOf(int backend) {
    int[] slots = new int[CONFIG.ringSize()];
    Arrays.fill(slots, backend);
    return slots;
  }

  private static byte[] frameTo(VipKey key) {
    String destination = key.address().getHostAddress();
    String client = destination.contains(":") ? CLIENT6 : CLIENT4;
    return switch (key.protocol()) {
      case TCP -> Packet.tcp(client, 49152, destination, key.port()).frame();
      case UDP -> Packet.udp(client, 49152, destination, key.port()).frame();
    };
  }

  private void assertServed(VipKey key, int number) {
    assertThat(forwarded(frameTo(key)).destination())
        .as("%s", key)
        .isEqualTo(address("10.0.0." + (number + 1)));
  }

  /** As many as there may be, all of different addresses, which answer to pings besides. */
  private static List<VipKey> asManyAsThereMayBe() {
    List<VipKey> keys = new ArrayList<>();
    for (int i = 0; i < CONFIG.maxVips(); i++) {
      String address =
          i % 2 == 0
              ? "203.0.%d.%d".formatted(i / 200, 1 + i % 200)
              : "2001:db8:5::" + Integer.toHexString(i);
      keys.add(i % 3 == 0 ? udp(address, 53 + i) : tcp(address, 443 + i));
    }
    return keys;
  }

  @Test
  void ofManyVipsEveryOneIsFoundAndNoneMistaken() {
    installRings();
    List<VipKey> keys = asManyAsThereMayBe();

    dataplane.together(() -> {
      for (int i = 0; i < keys.size(); i++) {
        dataplane.putVip(keys.get(i), new VipEntry(i % SERVICES, NO_FLAGS));
        dataplane.answerPing(Destination.of(keys.get(i).address()), true);
      }
    });

    for (int i = 0; i < keys.size(); i++) {
      VipKey key = keys.get(i);
      assertServed(key, i % SERVICES);
      assertPasses(frameTo(new VipKey(key.address(), key.port() + 1, key.protocol())));
    }
  }

  @Test
  void aRemovedVipIsNotServedAnyMoreAndTheOthersAre() {
    installRings();
    List<VipKey> keys = asManyAsThereMayBe().subList(0, 32);
    dataplane.together(() -> keys.forEach(key -> dataplane.putVip(key, new VipEntry(1, NO_FLAGS))));

    dataplane.removeVip(keys.get(7));

    assertPasses(frameTo(keys.get(7)));
    assertServed(keys.get(6), 1);
    assertServed(keys.get(8), 1);
  }

  @Test
  void changesThatAreMadeTogetherAreMetAsOne() {
    installRings();
    VipKey before = tcp(VIP4, 443);
    VipKey after = tcp(VIP6, 443);
    dataplane.putVip(before, new VipEntry(1, NO_FLAGS));

    dataplane.together(() -> {
      dataplane.removeVip(before);
      assertServed(before, 1);
      dataplane.putVip(after, new VipEntry(2, NO_FLAGS));
      assertPasses(frameTo(after));
      assertServed(before, 1);
    });

    assertPasses(frameTo(before));
    assertServed(after, 2);
  }

  @Test
  void ringsThatArePutTogetherAreThereWhenTheirVipsAre() {
    installRings();
    List<VipKey> keys = asManyAsThereMayBe().subList(0, 2 * 70);

    dataplane.together(() -> {
      for (int i = 0; i < keys.size(); i++) {
        dataplane.putRing(i, slotsOf(i == 139 ? Dataplane.NO_BACKEND : 4));
        dataplane.putVip(keys.get(i), new VipEntry(i, NO_FLAGS));
      }
      dataplane.removeRing(138);
    });

    for (VipKey key : keys.subList(0, 138)) {
      assertServed(key, 3);
    }
    assertDrops(frameTo(keys.get(138)));
    assertDrops(frameTo(keys.get(139)));
  }

  @Test
  void aVipWhoseRingChangesLeavesTheRingsOfOthersAlone() {
    installRings();
    VipKey one = tcp(VIP4, 443);
    VipKey other = udp(VIP4, 443);
    RingSlots both = RingSlots.stable(slotsOf(1));
    dataplane.putRing(10, both);
    dataplane.putRing(11, both);
    dataplane.putVip(one, new VipEntry(10, NO_FLAGS));
    dataplane.putVip(other, new VipEntry(11, NO_FLAGS));
    assertServed(one, 0);
    assertServed(other, 0);

    dataplane.putRing(10, RingSlots.stable(slotsOf(2)));
    assertServed(one, 1);
    assertServed(other, 0);

    dataplane.removeRing(10);
    dataplane.putRing(10, both);
    dataplane.removeRing(11);
    assertServed(one, 0);
    assertDrops(frameTo(other));
  }

  @Test
  void ofChangesThatThrowNoneIsMade() {
    installRings();
    VipKey first = tcp(VIP4, 443);
    VipKey second = tcp(VIP6, 443);
    dataplane.putVip(first, new VipEntry(1, NO_FLAGS));
    IllegalStateException failure = new IllegalStateException("half way");

    assertThatThrownBy(() ->
            dataplane.together(() -> {
              dataplane.putVip(first, new VipEntry(3, NO_FLAGS));
              dataplane.putVip(second, new VipEntry(2, NO_FLAGS));
              throw failure;
            }))
        .isSameAs(failure);

    assertServed(first, 1);
    assertPasses(frameTo(second));
    dataplane.putVip(second, new VipEntry(2, NO_FLAGS));
    assertServed(first, 1);
    assertServed(second, 2);
  }
}
