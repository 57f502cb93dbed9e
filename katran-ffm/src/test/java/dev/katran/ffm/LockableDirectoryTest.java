package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class LockableDirectoryTest {

  @TempDir Path path;

  @Test
  void tryLock_lockedByAnother_isFalseUntilItIsReleased() {
    try (LockableDirectory first = LockableDirectory.open(path);
        LockableDirectory second = LockableDirectory.open(path)) {
      assertThat(first.tryLock()).isTrue();
      assertThat(first.tryLock()).isTrue();
      assertThat(second.tryLock()).isFalse();
      assertThat(second.tryLockShared()).isFalse();

      first.unlock();

      assertThat(second.tryLock()).isTrue();
    }
  }

  @Test
  void close_locked_releasesTheLock() {
    LockableDirectory first = LockableDirectory.open(path);
    first.tryLock();
    first.close();
    first.close();

    try (LockableDirectory second = LockableDirectory.open(path)) {
      assertThat(second.tryLock()).isTrue();
    }
  }

  @Test
  void tryLockShared_lockedByOthersToo_isTrue() {
    try (LockableDirectory first = LockableDirectory.open(path);
        LockableDirectory second = LockableDirectory.open(path)) {
      assertThat(first.tryLockShared()).isTrue();
      assertThat(second.tryLockShared()).isTrue();
      assertThat(second.tryLock()).isFalse();
    }
  }

  @Test
  void attributes_areThoseOfTheDirectory() throws Exception {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-x---"));
    try (LockableDirectory directory = LockableDirectory.open(path)) {
      assertThat(directory.path()).isEqualTo(path);
      assertThat(directory.owner()).isEqualTo(LockableDirectory.effectiveUser());
      assertThat(directory.permissions()).isEqualTo(0750);
      assertThat(directory.isInBpfFileSystem()).isFalse();
      assertThat(directory.isReadOnly()).isFalse();
    }
  }

  @Test
  void isAtPath_deletedOrReplaced_isFalse() throws Exception {
    Path child = Files.createDirectory(path.resolve("child"));
    try (LockableDirectory directory = LockableDirectory.open(child)) {
      assertThat(directory.isAtPath()).isTrue();
      Files.delete(child);
      assertThat(directory.isAtPath()).isFalse();
      Files.createDirectory(child);
      assertThat(directory.isAtPath()).isFalse();
    }
    Path alias = Files.createSymbolicLink(path.resolve("alias"), child);
    try (LockableDirectory directory = LockableDirectory.open(alias)) {
      assertThat(directory.isAtPath()).isFalse();
    }
  }

  @Test
  void open_noDirectory_throwsNamingThePath() throws Exception {
    Path missing = path.resolve("missing");
    assertThatThrownBy(() -> LockableDirectory.open(missing))
        .isInstanceOf(NativeException.class)
        .hasMessage("open directory " + missing + ": ENOENT (No such file or directory)");
    Path file = Files.createFile(path.resolve("file"));
    assertThatThrownBy(() -> LockableDirectory.open(file))
        .hasMessage("open directory " + file + ": ENOTDIR (Not a directory)");
  }

  @Test
  void tryLock_closed_throws() {
    LockableDirectory directory = LockableDirectory.open(path);
    directory.close();

    assertThatIllegalStateException()
        .isThrownBy(directory::tryLock)
        .withMessage("directory " + path + " is closed");
  }
}
