package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.BpfFileSystem;
import dev.katran.needs.NeedsSetpriv;
import dev.katran.needs.UnprivilegedJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pins of an unprivileged user who has the capabilities that a balancer needs, and no others. */
@NeedsSetpriv
@Tag("unemulated")
class PinFolderPrivilegesIT {

  private static final Set<String> CAPABILITIES = Set.of("bpf", "perfmon", "net_admin");

  @TempDir static Path classes;

  private static UnprivilegedJvm jvm;

  @TempDir Path directory;

  @BeforeAll
  static void copyClasses() throws IOException {
    jvm = UnprivilegedJvm.in(classes);
  }

  @BeforeEach
  void letOthersIn() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Runs a {@link PinFolderOwner} and returns its answers. */
  private static List<String> run(Path path, String... commands) throws Exception {
    Process process =
        jvm.start(PinFolderOwner.class, CAPABILITIES, path.toString(), Duration.ZERO.toString());
    List<String> answers = new ArrayList<>();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        Writer input = process.outputWriter(StandardCharsets.UTF_8)) {
      answers.add(output.readLine());
      for (String command : commands) {
        input.write(command + "\n");
        input.flush();
        answers.add(output.readLine());
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    return answers;
  }

  @Test
  void open_withoutSysAdmin_pinsReopensAndDeletes() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          Path path = directory.resolve("katran");

          assertThat(run(path, "pin")).containsExactly("open", "pin");
          assertThat(path.resolve("a")).isRegularFile();
          assertThat(run(path, "wanted", "delete")).containsExactly("open", "false", "delete");

          assertThat(path).doesNotExist();
        });
  }

  @Test
  void open_parentOfRoot_saysHowToCreateTheFolder() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          Path parent = Files.createDirectory(directory.resolve("parent"));
          Path path = parent.resolve("katran");
          BpfFileSystem.command("chmod", "0755", parent.toString());

          assertThat(run(path))
              .containsExactly(
                  "REFUSED cannot pin in %s: user 65534 may not create it; create it as root with \"install -d -m 0700 -o 65534 %s\""
                      .formatted(path, path));

          BpfFileSystem.command("install", "-d", "-m", "0700", "-o", "65534", path.toString());
          assertThat(run(path, "pin", "delete")).containsExactly("open", "pin", "delete");
          assertThat(path).as("only root may remove it").isEmptyDirectory();
          assertThat(run(path, "pin")).containsExactly("open", "pin");
        });
  }

  @Test
  void open_folderOfRoot_isRefused() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          Path path = directory.resolve("katran");
          PinFolder.open(path, name -> true, Duration.ZERO).close();

          assertThat(run(path))
              .singleElement()
              .asString()
              .startsWith(
                  "REFUSED cannot pin in "
                      + path
                      + ": open directory "
                      + path
                      + ": EACCES; user 65534 ");
        });
  }
}
