package dev.katran.internal.platform;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.failure.Failure;
import dev.katran.needs.BpfFileSystem;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes and one folder. */
@NeedsKernel
@NeedsNamespaces
@Timeout(60)
@Tag("unemulated")
class PinFolderOwnersTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path directory;

  private Path path;

  @BeforeEach
  void name() {
    path = directory.resolve("katran");
  }

  private static PinFolder open(Path path, Duration wait) {
    return PinFolder.open(path, Set.of("a", "b")::contains, wait);
  }

  /** A {@link PinFolderOwner} in another process. */
  private record Owner(Process process, BufferedReader answers, Writer commands)
      implements AutoCloseable {

    static Owner start(List<String> command) throws IOException {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      return new Owner(
          process,
          process.inputReader(StandardCharsets.UTF_8),
          process.outputWriter(StandardCharsets.UTF_8));
    }

    static Owner start(Path path, Duration wait) throws IOException {
      return start(PinFolderOwner.command(path, wait));
    }

    String answer() throws IOException {
      return answers.readLine();
    }

    String ask(String command) throws IOException {
      commands.write(command + "\n");
      commands.flush();
      return answer();
    }

    void kill() {
      process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
      kill();
    }
  }

  /** Closes a folder early; closing it again does nothing. */
  private static void letGo(PinFolder folder) {
    folder.close();
  }

  private static void awaitWanted(PinFolder folder) throws InterruptedException {
    while (!folder.isWanted()) {
      MILLISECONDS.sleep(5);
    }
  }

  @Test
  void open_ownedByAnotherProcess_namesIt() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (Owner owner = Owner.start(path, Duration.ZERO)) {
            assertThat(owner.answer()).isEqualTo("open");

            assertThatThrownBy(() -> open(path, Duration.ZERO).close())
                .isInstanceOf(Failure.class)
                .hasMessage(
                    "cannot pin in %s: process %d (java) has it open; stop that or choose another folder"
                        .formatted(path, owner.process().pid()));
          }
        });
  }

  @Test
  void open_ownerInAnotherPidNamespace_saysThatItIsHidden() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          List<String> command =
              new ArrayList<>(
                  List.of("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"));
          command.addAll(PinFolderOwner.command(path, Duration.ZERO));
          try (PinFolder folder = open(path, Duration.ZERO);
              Owner other = Owner.start(command)) {
            assertThat(other.answer())
                .startsWith(
                    "REFUSED cannot pin in " + folder.path() + ": a process that cannot be seen")
                .contains("another container");
          }
        });
  }

  @Test
  void open_ownerKilled_isFreeAtOnce() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (Owner owner = Owner.start(path, Duration.ZERO)) {
            assertThat(owner.answer()).isEqualTo("open");
            assertThat(owner.ask("pin")).isEqualTo("pin");

            owner.kill();

            try (PinFolder folder = open(path, Duration.ZERO)) {
              assertThat(folder.names()).containsExactly("a");
            }
          }
        });
  }

  @Test
  void open_ownerDoesNotLetGo_timesOut() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (Owner owner = Owner.start(path, Duration.ZERO)) {
            assertThat(owner.answer()).isEqualTo("open");
            long start = System.nanoTime();

            assertThatThrownBy(() -> open(path, Duration.ofMillis(300)).close())
                .isInstanceOf(Failure.class)
                .hasMessageContaining(" has it open, and did not close it within 300 ms; ");

            assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(300), LONG);
            assertThat(owner.ask("wanted")).isEqualTo("false");
          }
        });
  }

  @Test
  void open_ownerLetsGo_getsTheFolder() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (PinFolder folder = open(path, Duration.ZERO);
              Owner other = Owner.start(path, LONG)) {
            assertThat(folder.isWanted()).isFalse();
            awaitWanted(folder);
            assertThat(folder.isWanted()).isTrue();

            letGo(folder);

            assertThat(other.answer()).isEqualTo("open");
            assertThat(other.ask("wanted")).isEqualTo("false");
          }
        });
  }

  @Test
  void open_ownerDeletesTheFolder_getsANewOne() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (PinFolder folder = open(path, Duration.ZERO);
              Owner other = Owner.start(path, LONG)) {
            awaitWanted(folder);

            folder.delete();

            assertThat(other.answer()).isEqualTo("open");
            assertThat(other.ask("pin")).isEqualTo("pin");
            assertThatThrownBy(() -> open(path, Duration.ZERO).close())
                .hasMessageContaining("process " + other.process().pid());
          }
        });
  }

  @Test
  void isWanted_waitingProcessKilled_isFalse() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (PinFolder folder = open(path, Duration.ZERO);
              Owner other = Owner.start(path, LONG)) {
            awaitWanted(folder);

            other.kill();

            assertThat(folder.isWanted()).isFalse();
          }
        });
  }

  @Test
  void isWanted_twoWait_oneGetsItAndTheOtherWaitsOn() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (PinFolder folder = open(path, Duration.ZERO);
              Owner first = Owner.start(path, LONG);
              Owner second = Owner.start(path, LONG)) {
            awaitWanted(folder);
            letGo(folder);
            while (!first.answers().ready() && !second.answers().ready()) {
              MILLISECONDS.sleep(5);
            }
            boolean firstIsOwner = first.answers().ready();
            Owner owner = firstIsOwner ? first : second;
            Owner other = firstIsOwner ? second : first;
            assertThat(owner.answer()).isEqualTo("open");
            while (owner.ask("wanted").equals("false")) {
              MILLISECONDS.sleep(5);
            }

            owner.kill();

            assertThat(other.answer()).isEqualTo("open");
          }
        });
  }

  @Test
  void open_interrupted_throwsAndKeepsTheInterrupt() throws Exception {
    BpfFileSystem.at(
        directory,
        () -> {
          try (PinFolder folder = open(path, Duration.ZERO)) {
            Thread.currentThread().interrupt();

            assertThatThrownBy(() -> open(folder.path(), LONG).close())
                .isInstanceOf(Failure.class)
                .hasMessageContaining("interrupted");

            assertThat(Thread.interrupted()).isTrue();
          }
        });
  }
}
