package dev.katran.ffm;

import static dev.katran.ffm.Isolated.LOOPBACK;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.XdpLink.Mode;
import dev.katran.ffm.net.Rtnetlink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@KernelTest
class PinsTest {

  @TempDir Path directory;

  @Test
  void pin_map_outlivesItsHandle() throws Exception {
    Path path = directory.resolve("numbers");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, 42);
            try (BpfMap map = BpfMap.create(MapSpec.array("numbers").valueSize(4).maxEntries(1))) {
              map.update(Lab.of(arena, 0), value);
              map.pin(path);
              assertThatThrownBy(() -> map.pin(path))
                  .hasMessage("pin map numbers at " + path + ": EEXIST (File exists)");
            }
            value.set(JAVA_INT, 0, 0);
            try (BpfMap map = BpfMap.openPinned(path)) {
              assertThat(map.name()).isEqualTo("numbers");
              assertThat(map.maxEntries()).isEqualTo(1);
              assertThat(map.lookup(Lab.of(arena, 0), value)).isTrue();
              assertThat(value.get(JAVA_INT, 0)).isEqualTo(42);
            }
          }
        });
  }

  @Test
  void pin_link_outlivesItsHandle() throws Exception {
    Path path = directory.resolve("link");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (BpfObject lab = Lab.load()) {
            BpfProgram verdict = lab.program("verdict");
            try (XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC)) {
              link.pin(path);
            }
            assertThat(XdpLink.attachedProgram(LOOPBACK)).isPresent();

            try (XdpLink link = XdpLink.openPinned(path)) {
              assertThat(link.ifindex()).isEqualTo(LOOPBACK);
              assertThat(link.programId()).isEqualTo(verdict.info().id());
              link.update(lab.program("report"));
              link.detach();
            }
            assertThat(XdpLink.attachedProgram(LOOPBACK)).isEmpty();
            Files.delete(path);
          }
        });
  }

  @Test
  void openPinned_linkOfDeletedInterface_hasNoIndex() throws Exception {
    Path path = directory.resolve("link");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (BpfObject lab = Lab.load();
              Rtnetlink netlink = Rtnetlink.open()) {
            int bridge = netlink.create("br0", "bridge").index();
            try (XdpLink link = XdpLink.attach(lab.program("verdict"), bridge, Mode.GENERIC)) {
              link.pin(path);
            }
            try (XdpLink link = XdpLink.openPinned(path)) {
              assertThat(link.ifindex()).isEqualTo(bridge);

              netlink.delete(bridge);

              assertThat(link.ifindex()).isZero();
            }
            try (XdpLink link = XdpLink.openPinned(path)) {
              assertThat(link.ifindex()).isZero();
              assertThat(link.isAttached()).isFalse();
            }
          }
        });
  }

  @Test
  void pin_map_isAccessibleToTheOwnerOnly() throws Exception {
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          Path path = directory.resolve("map");
          try (BpfMap map = BpfMap.create(MapSpec.array("numbers").valueSize(4).maxEntries(1))) {
            map.pin(path);
          }
          assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
              .isEqualTo("rw-------");
        });
  }

  @Test
  void openPinned_otherKind_throws() throws Exception {
    Path path = directory.resolve("map");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (BpfMap map = BpfMap.create(MapSpec.array("numbers").valueSize(4).maxEntries(1))) {
            map.pin(path);
          }
          assertThatThrownBy(() -> XdpLink.openPinned(path))
              .hasMessage(
                  "open link pinned at "
                      + path
                      + ": EINVAL (Invalid argument)\nthe pinned object is not a link");
          assertThatThrownBy(() -> BpfMap.openPinned(directory.resolve("nothing")))
              .hasMessageEndingWith("nothing: ENOENT (No such file or directory)");
        });
  }

  /** What it is, is read in /proc, for which it takes a second descriptor. */
  @Test
  void openPinned_oneDescriptorLeft_leaksNone() throws Exception {
    Path map = directory.resolve("map");
    Path link = directory.resolve("link");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (BpfObject lab = Lab.load()) {
            lab.map("mapped").pin(map);
            try (XdpLink attached =
                XdpLink.attach(lab.program("verdict"), LOOPBACK, Mode.GENERIC)) {
              attached.pin(link);
            }
          }
          BpfMap.openPinned(map).close();
          XdpLink.openPinned(link).close();
          long before = Descriptors.count();
          Descriptors.withLeft(
              1,
              () -> {
                for (int i = 0; i < 3; i++) {
                  assertThatThrownBy(() -> BpfMap.openPinned(map))
                      .isInstanceOf(BpfException.class)
                      .hasMessageContaining("EMFILE");
                  assertThatThrownBy(() -> XdpLink.openPinned(link))
                      .isInstanceOf(BpfException.class)
                      .hasMessageContaining("EMFILE");
                }
              });
          assertThat(Descriptors.count()).isEqualTo(before);
        });
  }

  @Test
  void openPinned_mapAsXdpLink_leaksNone() throws Exception {
    Path path = directory.resolve("map");
    Isolated.withBpfFileSystem(
        directory,
        () -> {
          try (BpfObject lab = Lab.load()) {
            lab.map("mapped").pin(path);
          }
          long before = Descriptors.count();
          assertThatThrownBy(() -> XdpLink.openPinned(path)).hasMessageContaining("EINVAL");
          assertThat(Descriptors.count()).isEqualTo(before);
        });
  }

  @Test
  void pin_ordinaryDirectory_throwsEperm() {
    Path path = directory.resolve("numbers");
    try (BpfMap map = BpfMap.create(MapSpec.array("numbers").valueSize(4).maxEntries(1))) {
      assertThatThrownBy(() -> map.pin(path))
          .hasMessageStartingWith(
              "pin map numbers at " + path + ": EPERM (Operation not permitted)\n")
          .hasMessageContaining("mount -t bpf bpf /sys/fs/bpf");
    }
  }
}
