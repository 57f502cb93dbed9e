package dev.katran.internal.platform;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.io.Resources;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.MapSpec;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.dataplane.kernel.Seccomp;
import dev.katran.internal.failure.Failure;
import dev.katran.needs.BpfFileSystem;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@NeedsKernel
@NeedsNamespaces
class PinFolderTest {

  private static final int LOOPBACK = 1;
  private static final Set<String> KNOWN = Set.of("vips", "flows-1", "link");

  @TempDir Path directory;

  private Path path;

  @BeforeEach
  void name() {
    path = directory.resolve("katran");
  }

  private static PinFolder open(Path path) {
    return PinFolder.open(path, KNOWN::contains, Duration.ZERO);
  }

  private void withFolder(BpfFileSystem.Task task) throws Exception {
    BpfFileSystem.at(directory, task);
  }

  private static void assertRefused(Path path, String... words) {
    assertThatThrownBy(() -> open(path).close())
        .isInstanceOf(Failure.class)
        .returns(Failure.Kind.REFUSED, failure -> ((Failure) failure).kind())
        .hasMessageStartingWith("cannot pin in " + path + ": ")
        .hasMessageContainingAll(words);
  }

  private static BpfMap map(int number) {
    BpfMap map = BpfMap.create(MapSpec.array("numbers").valueSize(4).maxEntries(1));
    try (Arena arena = Arena.ofConfined()) {
      map.update(arena.allocateFrom(JAVA_INT, 0), arena.allocateFrom(JAVA_INT, number));
    }
    return map;
  }

  private static int number(BpfMap map) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      assertThat(map.lookup(arena.allocateFrom(JAVA_INT, 0), value)).isTrue();
      return value.get(JAVA_INT, 0);
    }
  }

  private static int number(PinFolder folder, String name) {
    try (BpfMap map = folder.map(name)) {
      return number(map);
    }
  }

  @Test
  void open_missingFolder_createsItForItsOwnerAlone() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path)) {
        assertThat(folder.path()).isEqualTo(path);
        assertThat(folder.isEmpty()).isTrue();
        assertThat(folder.names()).isEmpty();
        assertThat(folder.isWanted()).isFalse();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .isEqualTo("rwx------");
      }
    });
  }

  @Test
  void pin_maps_areThereAfterReopening() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap vips = map(1);
          BpfMap flows = map(2)) {
        folder.pin("vips", vips);
        folder.pin("flows-1", flows);
      }

      try (PinFolder folder = open(path)) {
        assertThat(folder.isEmpty()).isFalse();
        assertThat(folder.names()).containsExactly("flows-1", "vips");
        assertThat(folder.contains("vips")).isTrue();
        assertThat(folder.contains("link")).isFalse();
        assertThat(number(folder, "vips")).isEqualTo(1);
        assertThat(number(folder, "flows-1")).isEqualTo(2);

        folder.unpin("vips");
        folder.unpin("vips");

        assertThat(folder.names()).containsExactly("flows-1");
      }
    });
  }

  @Test
  void pin_takenName_throwsAndKeepsTheOld() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap first = map(1);
          BpfMap second = map(2)) {
        folder.pin("vips", first);

        assertThatThrownBy(() -> folder.pin("vips", second))
            .isInstanceOf(Failure.class)
            .hasMessageContainingAll("cannot pin in " + path, "vips", "EEXIST");

        assertThat(number(folder, "vips")).isEqualTo(1);
      }
    });
  }

  @Test
  void replace_absentName_pins() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(3)) {
        folder.replace("vips", map);

        assertThat(number(folder, "vips")).isEqualTo(3);
      }
    });
  }

  @Test
  void replace_whileRead_nameIsNeverAbsent() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap first = map(0)) {
        folder.pin("vips", first);
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Integer> reads =
            CompletableFuture.supplyAsync(
                () -> {
                  int count = 0;
                  int last = 0;
                  while (!done.get()) {
                    int number = number(folder, "vips");
                    assertThat(number).isGreaterThanOrEqualTo(last);
                    last = number;
                    count++;
                  }
                  return count;
                },
                task -> Thread.ofPlatform().start(task));
        try {
          for (int i = 1; i <= 300; i++) {
            try (BpfMap next = map(i)) {
              folder.replace("vips", next);
            }
          }
        } finally {
          done.set(true);
        }

        assertThat(reads.get()).isPositive();
        assertThat(number(folder, "vips")).isEqualTo(300);
        assertThat(folder.names()).containsExactly("vips");
      }
    });
  }

  @Test
  void removeTemporary_interruptedReplace_leavesThePins() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(1)) {
        folder.pin("vips", map);
        map.pin(path.resolve("vips~"));
        map.pin(path.resolve("flows-1~"));
      }
      try (PinFolder folder = open(path)) {
        assertThat(folder.names()).containsExactly("vips");

        folder.removeTemporary();

        assertThat(files()).containsExactlyInAnyOrder("vips", "wanted");
      }
    });
  }

  @Test
  void replace_temporaryNameLeftOver_replaces() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap left = map(1);
          BpfMap map = map(2)) {
        left.pin(path.resolve("vips~"));

        folder.replace("vips", map);

        assertThat(number(folder, "vips")).isEqualTo(2);
        assertThat(files()).containsExactlyInAnyOrder("vips", "wanted");
      }
    });
  }

  private Set<String> files() throws IOException {
    try (var files = Files.list(path)) {
      return Set.copyOf(files.map(file -> file.getFileName().toString()).toList());
    }
  }

  @Test
  @Timeout(60)
  void link_pinned_isFoundAndReplaced() throws Exception {
    byte[] elf = Resources.toByteArray(Resources.getResource("dev/katran/golden/flow_hash.bpf.o"));
    withFolder(() -> {
      try (BpfObject object = BpfObject.open("flow_hash", elf);
          PinFolder folder = open(path)) {
        object.load();
        assertThat(folder.link("link")).isEmpty();
        try (XdpLink link =
            XdpLink.attach(object.program("flow_hash"), LOOPBACK, XdpLink.Mode.GENERIC)) {
          folder.pin("link", link);
          folder.replace("link", link);
        }
        try (XdpLink link = folder.link("link").orElseThrow()) {
          assertThat(link.ifindex()).isEqualTo(LOOPBACK);
          assertThat(link.isAttached()).isTrue();
        }
        assertThatThrownBy(() -> folder.map("link"))
            .isInstanceOf(Failure.class)
            .hasMessage("cannot pin in " + path + ": link is not a map");

        folder.unpin("link");

        while (XdpLink.attachedProgram(LOOPBACK).isPresent()) {
          MILLISECONDS.sleep(1);
        }
      }
    });
  }

  @Test
  void map_missing_throwsNamingIt() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path)) {
        assertThatThrownBy(() -> folder.map("vips"))
            .isInstanceOf(Failure.class)
            .hasMessage("cannot pin in " + path + ": vips is missing");
      }
    });
  }

  @Test
  void link_map_throwsNamingIt() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(1)) {
        folder.pin("vips", map);

        assertThatThrownBy(() -> folder.link("vips"))
            .isInstanceOf(Failure.class)
            .hasMessage("cannot pin in " + path + ": vips is not an XDP link");
      }
    });
  }

  @Test
  void names_withOtherCharacters_areRefused() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(1)) {
        for (String name : Set.of("", "a.b", "a/b", "..", "A", "a~", "wanted")) {
          assertThatIllegalArgumentException()
              .isThrownBy(() -> folder.pin(name, map))
              .withMessage("\"" + name + "\" is not a name for a pin");
        }
      }
    });
  }

  @Test
  void pin_bpfNotPermitted_namesTheCapability() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(1)) {
        folder.pin("vips", map);
        Seccomp.forbidBpf();

        assertMissingCapability(() -> folder.replace("vips", map));
        assertMissingCapability(() -> folder.map("vips"));
        assertMissingCapability(() -> folder.link("link"));

        assertThat(files()).containsExactlyInAnyOrder("vips", "wanted");
      }
    });
  }

  private void assertMissingCapability(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(Failure.class)
        .returns(Failure.Kind.MISSING_CAPABILITY, failure -> ((Failure) failure).kind())
        .hasMessageStartingWith("cannot pin in " + path + ": ")
        .hasMessageEndingWith(": EPERM; this needs CAP_BPF, in a container --cap-add BPF");
  }

  @Test
  void delete_removesPinsAndFolder() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path);
          BpfMap map = map(1)) {
        folder.pin("vips", map);
        map.pin(path.resolve("flows-1~"));

        folder.delete();

        assertThat(path).doesNotExist();
      }
    });
  }

  /** As in a container to which the folder alone is given as a volume. */
  @Test
  void delete_volume_leavesItEmpty(@TempDir Path volume) throws Exception {
    withFolder(() -> {
      open(path).close();
      BpfFileSystem.command("mount", "--bind", path.toString(), volume.toString());
      try (PinFolder folder = open(volume);
          BpfMap map = map(1)) {
        folder.pin("vips", map);
        assertRefused(path, "another balancer of this process has it open");

        folder.delete();

        assertThat(volume).isEmptyDirectory();
        assertThat(path).isEmptyDirectory();
      }
    });
  }

  @Test
  void open_twiceInOneProcess_isRefused() throws Exception {
    withFolder(() -> {
      try (PinFolder folder = open(path)) {
        assertRefused(folder.path(), "another balancer of this process has it open");
      }
      open(path).close();
    });
  }

  @Test
  void open_relativePath_isRefused() {
    assertRefused(Path.of("katran"), "absolute path", "/sys/fs/bpf/katran");
    assertRefused(directory.resolve("a/../b"), "..");
    assertRefused(Path.of("/"), "absolute path");
  }

  @Test
  void open_dotInName_isRefused() throws Exception {
    withFolder(() -> assertRefused(directory.resolve("lb.1"), "no dots"));
  }

  @Test
  void open_missingParent_isRefused() throws Exception {
    Path missing = directory.resolve("missing");
    withFolder(() ->
        assertRefused(
            missing.resolve("katran"),
            missing + " does not exist; create it with \"mkdir " + missing + "\"",
            "mount -t bpf bpf /sys/fs/bpf"));
  }

  @Test
  void open_otherFileSystem_isRefused() {
    assertRefused(
        path,
        directory + " is not in a BPF file system",
        "mount -t bpf bpf /sys/fs/bpf",
        "volume",
        "ip netns exec");
    assertThat(path).doesNotExist();
  }

  @Test
  void open_existingFolderOfOtherFileSystem_isRefused() throws Exception {
    Files.createDirectory(path);

    assertRefused(path, path + " is not in a BPF file system");

    assertThat(path).isEmptyDirectory();
  }

  @Test
  void open_readOnlyMount_isRefused() throws Exception {
    withFolder(() -> {
      open(path).close();
      BpfFileSystem.command("mount", "-o", "remount,ro", directory.toString());

      assertRefused(path, "mounted read-only", "remount,rw");
      assertRefused(directory.resolve("other"), "mounted read-only");
    });
  }

  @Test
  void open_folderOpenToOthers_isRefused() throws Exception {
    withFolder(() -> {
      open(path).close();
      BpfFileSystem.command("chmod", "0750", path.toString());

      assertRefused(path, "mode 0750", "chmod 0700 " + path);
    });
  }

  @Test
  void open_folderOfOtherUser_isRefused() throws Exception {
    withFolder(() -> {
      open(path).close();
      BpfFileSystem.command("chown", "65534", path.toString());

      assertRefused(
          path, "belongs to user 65534, but this process runs as user 0", "chown -R 0 " + path);
    });
  }

  @Test
  void open_symbolicLink_isRefused() throws Exception {
    withFolder(() -> {
      open(path).close();
      Path alias = Files.createSymbolicLink(directory.resolve("alias"), path);
      Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), alias.resolve("no"));

      assertRefused(alias, "is a symbolic link");
      assertRefused(dangling, "is a symbolic link");
    });
  }

  @Test
  void open_pinInsteadOfFolder_isRefused() throws Exception {
    withFolder(() -> {
      try (BpfMap map = map(1)) {
        map.pin(path);
      }

      assertRefused(path, "ENOTDIR");
    });
  }

  @Test
  void open_foreignFiles_isRefusedAndLeavesThem() throws Exception {
    withFolder(() -> {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.createDirectory(path.resolve("vips"));
      Files.createSymbolicLink(path.resolve("link"), path);
      try (BpfMap map = map(1)) {
        for (String name : Set.of("flows-1", "a", "b~", "c", "d", "e")) {
          map.pin(path.resolve(name));
        }
      }

      assertRefused(
          path,
          "contains what no balancer of this version pins: a, b~, c, d, e and 2 more; choose another");

      assertThat(files()).hasSize(8).doesNotContain("wanted");
    });
  }
}
