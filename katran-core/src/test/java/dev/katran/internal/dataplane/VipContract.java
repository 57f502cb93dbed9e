package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.VipKey;
import dev.katran.packets.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The VIP and ring tables: which packets match which VIP, and when changes take effect. */
public abstract class VipContract extends DataplaneContract {

  private static final int SERVICES = 4;

  /** Installs rings with one backend each: ring n leads to 10.0.0.(n + 1). */
  private void installRings() {
    for (int number = 0; number < SERVICES; number++) {
      dataplane
          .backends()
          .put(number + 1, new BackendEntry(address("10.0.0." + (number + 1)), HOP));
      dataplane.rings().put(number, slotsOf(number + 1));
    }
  }

  private static int[] slotsOf(int backend) {
    int[] slots = new int[CONFIG.limits().ringSize()];
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

  /** Returns as many VIPs as the limits allow, each with its own address. */
  private static List<VipKey> maximumVips() {
    List<VipKey> keys = new ArrayList<>();
    for (int i = 0; i < CONFIG.limits().vips(); i++) {
      String address =
          i % 2 == 0
              ? "203.0.%d.%d".formatted(i / 200, 1 + i % 200)
              : "2001:db8:5::" + Integer.toHexString(i);
      keys.add(i % 3 == 0 ? udp(address, 53 + i) : tcp(address, 443 + i));
    }
    return keys;
  }

  @Test
  void put_maximumVips_eachMatchesOnlyItsPackets() {
    installRings();
    List<VipKey> keys = maximumVips();

    dataplane.batch(() -> {
      for (int i = 0; i < keys.size(); i++) {
        dataplane.vips().put(keys.get(i), new VipEntry(i % SERVICES, NO_FLAGS));
        dataplane.vips().answerPing(Destination.of(keys.get(i).address()), true);
      }
    });

    for (int i = 0; i < keys.size(); i++) {
      VipKey key = keys.get(i);
      assertServed(key, i % SERVICES);
      assertPasses(frameTo(VipKey.of(key.protocol(), key.address(), key.port() + 1)));
    }
  }

  @Test
  void remove_vip_leavesOthers() {
    installRings();
    List<VipKey> keys = maximumVips().subList(0, 32);
    dataplane.batch(
        () -> keys.forEach(key -> dataplane.vips().put(key, new VipEntry(1, NO_FLAGS))));

    dataplane.vips().remove(keys.get(7));

    assertPasses(frameTo(keys.get(7)));
    assertServed(keys.get(6), 1);
    assertServed(keys.get(8), 1);
  }

  @Test
  void batch_vipChanges_takeEffectTogether() {
    installRings();
    VipKey before = tcp(VIP4, 443);
    VipKey after = tcp(VIP6, 443);
    dataplane.vips().put(before, new VipEntry(1, NO_FLAGS));

    dataplane.batch(() -> {
      dataplane.vips().remove(before);
      assertServed(before, 1);
      dataplane.vips().put(after, new VipEntry(2, NO_FLAGS));
      assertPasses(frameTo(after));
      assertServed(before, 1);
    });

    assertPasses(frameTo(before));
    assertServed(after, 2);
  }

  @Test
  void batch_ringsAndVips_ringsAreInstalledWithTheirVips() {
    installRings();
    List<VipKey> keys = maximumVips().subList(0, 2 * 70);

    dataplane.batch(() -> {
      for (int i = 0; i < keys.size(); i++) {
        dataplane.rings().put(i, slotsOf(i == 139 ? Dataplane.NO_BACKEND : 4));
        dataplane.vips().put(keys.get(i), new VipEntry(i, NO_FLAGS));
      }
      dataplane.rings().remove(138);
    });

    for (VipKey key : keys.subList(0, 138)) {
      assertServed(key, 3);
    }
    assertDrops(frameTo(keys.get(138)));
    assertDrops(frameTo(keys.get(139)));
  }

  @Test
  void put_equalRings_changeIndependently() {
    installRings();
    VipKey one = tcp(VIP4, 443);
    VipKey other = udp(VIP4, 443);
    RingSlots both = RingSlots.stable(slotsOf(1));
    dataplane.rings().put(10, both);
    dataplane.rings().put(11, both);
    dataplane.vips().put(one, new VipEntry(10, NO_FLAGS));
    dataplane.vips().put(other, new VipEntry(11, NO_FLAGS));
    assertServed(one, 0);
    assertServed(other, 0);

    dataplane.rings().put(10, RingSlots.stable(slotsOf(2)));
    assertServed(one, 1);
    assertServed(other, 0);

    dataplane.rings().remove(10);
    dataplane.rings().put(10, both);
    dataplane.rings().remove(11);
    assertServed(one, 0);
    assertDrops(frameTo(other));
  }

  @Test
  void batch_throws_appliesNoChange() {
    installRings();
    VipKey first = tcp(VIP4, 443);
    VipKey second = tcp(VIP6, 443);
    dataplane.vips().put(first, new VipEntry(1, NO_FLAGS));
    IllegalStateException failure = new IllegalStateException("half way");

    assertThatThrownBy(() ->
            dataplane.batch(() -> {
              dataplane.vips().put(first, new VipEntry(3, NO_FLAGS));
              dataplane.vips().put(second, new VipEntry(2, NO_FLAGS));
              throw failure;
            }))
        .isSameAs(failure);

    assertServed(first, 1);
    assertPasses(frameTo(second));
    dataplane.vips().put(second, new VipEntry(2, NO_FLAGS));
    assertServed(first, 1);
    assertServed(second, 2);
  }
}
