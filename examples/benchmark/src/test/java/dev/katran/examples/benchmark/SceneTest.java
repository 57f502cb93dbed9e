package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Backend;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class SceneTest {

  private static Scene scene(int vips, int backends, boolean ownBackends) {
    return new Scene(Family.V4, Tunnel.IPIP, vips, backends, ownBackends);
  }

  private static List<InetAddress> addresses(List<Vip> vips) {
    return vips.stream().flatMap(vip -> vip.backends().stream()).map(Backend::address).toList();
  }

  @Test
  void installed_sharedBackends_equalInEachVip() {
    List<Vip> vips = scene(3, 4, false).installed(Tracking.NONE);
    assertThat(addresses(vips)).hasSize(12);
    assertThat(addresses(vips).stream().distinct()).hasSize(4);
  }

  @Test
  void installed_ownBackends_differentInEachVip() {
    assertThat(addresses(scene(30, 40, true).installed(Tracking.NONE)))
        .hasSize(1200)
        .doesNotHaveDuplicates();
  }

  @Test
  void replaced_ownBackends_formerDrainAndOthersTakeNewFlows() {
    Scene scene = scene(30, 40, true);
    List<Vip> installed = scene.installed(Tracking.ADAPTIVE);
    List<Vip> replaced = scene.replaced(installed);
    assertThat(addresses(replaced)).hasSize(scene.allBackends()).doesNotHaveDuplicates();
    assertThat(replaced)
        .allSatisfy(
            vip -> assertThat(vip.backends()).filteredOn(Backend::takesNewFlows).hasSize(40));
    assertThat(replaced.get(7).backends())
        .filteredOn(backend -> !backend.takesNewFlows())
        .extracting(Backend::address)
        .isEqualTo(addresses(installed.subList(7, 8)));
  }

  @Test
  void constructor_numbersOutOfRange_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene(10_001, 1, false))
        .withMessage("--vips 10001 is not in 1..10000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene(1, 1001, false))
        .withMessage("--backends 1001 is not in 1..1000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scene(10_000, 4, true))
        .withMessage("--own-backends: 80000 backends before and after the change, more than 65535");
  }
}
