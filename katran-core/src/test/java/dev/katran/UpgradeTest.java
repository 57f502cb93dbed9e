package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.BpfMap;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** This version and a next one continue what the other has pinned. */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class UpgradeTest {

  private static final int FLOWS = 1 << 13;
  private static final int MORE_FLOWS = 1 << 14;

  @TempDir private static Path classes;
  private static NextVersion nextVersion;

  private final Function<List<String>, Map<String, String>> current = new PinnedScene();
  private Function<List<String>, Map<String, String>> next;
  private BpfMount files;
  private Path folder;

  @BeforeAll
  static void compile() {
    nextVersion = new NextVersion(classes);
  }

  @AfterAll
  static void close() throws IOException {
    nextVersion.close();
  }

  @BeforeEach
  void mount() throws ReflectiveOperationException {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    next = nextVersion.scene();
  }

  @AfterEach
  void unmount() {
    files.close();
  }

  private List<String> at(int flows, String action) {
    return List.of(folder.toString(), Integer.toString(flows), action);
  }

  private Set<String> pins() throws IOException {
    try (Stream<Path> pins = Files.list(folder)) {
      return new TreeSet<>(pins.map(pin -> pin.getFileName().toString()).toList());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {FLOWS, MORE_FLOWS})
  void upgradeAndRollBack_everythingInUse_continuesWithEverything(int flows) throws IOException {
    Map<String, String> before = current.apply(at(FLOWS, "fill"));
    if (flows == FLOWS) {
      before = current.apply(at(FLOWS, "change"));
    }
    Set<String> pins = pins();
    assertThat(next.apply(at(flows, "look"))).isEqualTo(before);
    assertThat(current.apply(at(FLOWS, "look"))).isEqualTo(before);
    assertThat(pins()).hasSameSizeAs(pins).noneMatch(pin -> pin.startsWith("g1-"));

    Map<String, String> forwarded = current.apply(at(FLOWS, "simulate"));
    assertThat(next.apply(at(flows, "simulate"))).isEqualTo(forwarded);
    assertThat(current.apply(at(FLOWS, "simulate"))).isEqualTo(forwarded);
    assertThat(current.apply(at(FLOWS, "look")).get("sent"))
        .startsWith((flows == FLOWS ? 6000 : 5000) + " packets");
  }

  @Test
  void rollBack_foldersOfTheNextVersion_continuesWithEverything() {
    Map<String, String> before = next.apply(at(MORE_FLOWS, "fill"));
    assertThat(current.apply(at(FLOWS, "look"))).isEqualTo(before);
    assertThat(next.apply(at(MORE_FLOWS, "look"))).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"backends", "vips_now"})
  void rollBack_fieldOfTheNextVersionInUse_isRefusedAndHarmless(String map) throws IOException {
    Map<String, String> before = next.apply(at(FLOWS, "fill"));
    Set<String> pins = pins();
    useNewField(map);
    assertThatThrownBy(() -> current.apply(at(FLOWS, "look")))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("made_up has a value in the map " + map.replace("_now", ""));
    assertThat(pins()).isEqualTo(pins);
    assertThat(next.apply(at(FLOWS, "look"))).isEqualTo(before);
  }

  /** Sets the new field of an entry. */
  private void useNewField(String pin) {
    try (BpfMap map = BpfMap.openPinned(folder.resolve("g1-" + pin))) {
      MemorySegment memory = map.mmap();
      if (pin.equals("backends")) {
        memory.set(ValueLayout.JAVA_LONG, map.valueStride(), 1); // of backend 1
        return;
      }
      for (long entry = 72; ; entry += 36) {
        if (memory.get(ValueLayout.JAVA_BYTE, entry + 19) != 0) { // its family
          memory.set(ValueLayout.JAVA_INT, entry + 20, 1);
          return;
        }
      }
    }
  }
}
