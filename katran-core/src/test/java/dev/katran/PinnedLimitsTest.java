package dev.katran;

import static dev.katran.PinnedScene.LIMITS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.FlowWord;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A pinned balancer that is opened with other limits: its maps are converted. */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class PinnedLimitsTest {

  private BpfMount files;
  private Path folder;

  @BeforeEach
  void mount() {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
  }

  @AfterEach
  void unmount() {
    files.close();
  }

  private LoadBalancer open(Limits limits) {
    return PinnedScene.open(folder, limits);
  }

  private Set<String> pins() throws IOException {
    try (Stream<Path> pins = Files.list(folder)) {
      return new TreeSet<>(pins.map(pin -> pin.getFileName().toString()).toList());
    }
  }

  static Stream<Limits> other() {
    return Stream.of(
        LIMITS.vips(50),
        LIMITS.backends(300),
        LIMITS.flowTableSize(1 << 14),
        LIMITS.serverIds(5).sourceRoutes(2),
        LIMITS.vips(5).backends(7).flowTableSize(1 << 15).serverIds(1000).sourceRoutes(99));
  }

  @ParameterizedTest
  @MethodSource("other")
  void open_otherLimits_continuesWithEverything(Limits other) throws IOException {
    Map<String, String> before;
    Set<String> pins;
    try (LoadBalancer lb = open(LIMITS)) {
      PinnedScene.fill(lb);
      before = PinnedScene.seen(lb);
      pins = pins();
    }
    for (Limits limits : List.of(other, LIMITS)) {
      try (LoadBalancer lb = open(limits)) {
        assertThat(lb.adopted()).isTrue();
        assertThat(PinnedScene.seen(lb)).isEqualTo(before);
        assertThat(pins()).hasSameSizeAs(pins);
        assertThat(flowTableSize()).isEqualTo(limits.flowTableSize());
      }
    }
    Map<String, String> forwarded;
    try (LoadBalancer lb = open(LIMITS)) {
      forwarded = PinnedScene.simulate(lb);
    }
    try (LoadBalancer lb = open(other)) {
      assertThat(PinnedScene.simulate(lb)).isEqualTo(forwarded);
      lb.put(PinnedScene.WEB.with(PinnedScene.THREE));
      lb.remove(PinnedScene.DNS);
      assertThat(lb.vips()).hasSize(3);
    }
  }

  private int flowTableSize() throws IOException {
    String pin = pins().stream().filter(name -> name.endsWith("-flows")).findFirst().orElseThrow();
    try (BpfMap flows = BpfMap.openPinned(folder.resolve(pin))) {
      return flows.maxEntries() * FlowWord.PER_BUCKET;
    }
  }

  @Test
  void open_otherLimitsDuringAChange_keepsTheFlowTable() throws IOException {
    Limits other = LIMITS.vips(50).backends(300).flowTableSize(1 << 14);
    Map<String, String> before;
    try (LoadBalancer lb = open(LIMITS)) {
      PinnedScene.fill(lb);
      PinnedScene.change(lb);
      before = PinnedScene.seen(lb);
      assertThat(before.get("ring of tcp 203.0.113.11:80")).doesNotStartWith("0 ");
    }
    try (LoadBalancer lb = open(other)) {
      assertThat(PinnedScene.seen(lb)).isEqualTo(before);
      assertThat(flowTableSize()).isEqualTo(LIMITS.flowTableSize());
    }
    Map<String, String> forwarded;
    try (LoadBalancer lb = open(other)) {
      forwarded = PinnedScene.simulate(lb);
    }
    try (LoadBalancer lb = open(LIMITS)) {
      assertThat(PinnedScene.simulate(lb)).isEqualTo(forwarded);
    }
  }

  static Stream<Limits> tooSmall() {
    return Stream.of(LIMITS.vips(1), LIMITS.vips(3), LIMITS.backends(1), LIMITS.serverIds(1));
  }

  @ParameterizedTest
  @MethodSource("tooSmall")
  void open_limitsThatAreTooSmall_isRefusedAndHarmless(Limits tooSmall) throws IOException {
    Map<String, String> before;
    Set<String> pins;
    try (LoadBalancer lb = open(LIMITS)) {
      PinnedScene.fill(lb);
      before = PinnedScene.seen(lb);
      pins = pins();
    }
    assertThatThrownBy(() -> open(tooSmall))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("limits");
    assertThat(pins()).isEqualTo(pins);
    try (LoadBalancer lb = open(LIMITS)) {
      assertThat(PinnedScene.seen(lb)).isEqualTo(before);
    }
  }

  @Test
  void open_largerFlowTableWhenTheSmallOneIsFull_keepsAllFlows() {
    try (LoadBalancer lb = open(LIMITS.flowTableSize(1024))) {
      lb.put(PinnedScene.WEB);
      IntStream.range(0, 3000)
          .mapToObj(i -> Packet.tcp("198.51.100.7", 1000 + i, "203.0.113.10", 80).frame())
          .forEach(lb::simulate);
    }
    Map<Flow, BackendKey> before = new HashMap<>();
    try (LoadBalancer lb = open(LIMITS.flowTableSize(1024))) {
      lb.flows().forEach(entry -> before.put(entry.flow(), entry.backend()));
    }
    assertThat(before).isNotEmpty();
    try (LoadBalancer lb = open(LIMITS.flowTableSize(1 << 14))) {
      Map<Flow, BackendKey> after = new HashMap<>();
      lb.flows().forEach(entry -> after.put(entry.flow(), entry.backend()));
      assertThat(after).isEqualTo(before);
    }
  }
}
