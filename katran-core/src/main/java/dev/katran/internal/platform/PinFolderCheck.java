package dev.katran.internal.platform;

import dev.katran.ffm.Errno;
import dev.katran.ffm.LockableDirectory;
import dev.katran.ffm.NativeException;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** Creates and opens a {@link PinFolder}'s directory, and checks that it is safe to use. */
final class PinFolderCheck {

  private static final String MODE = "rwx------";
  private static final int GROUP_AND_OTHERS = 0077;

  private static final String MOUNT =
      "mount one with \"mount -t bpf bpf /sys/fs/bpf\"; in a container, mount the host's /sys/fs/bpf"
          + " as a volume; \"ip netns exec\" hides what is mounted below /sys, \"nsenter --net\""
          + " does not";

  private PinFolderCheck() {}

  /**
   * Opens the folder, and creates it if it is missing. Refuses what others could replace or change:
   * a symbolic link, and a folder that another user owns or may enter.
   *
   * @throws IOException if /proc is not mounted
   */
  static LockableDirectory open(Path path) throws IOException {
    LockableDirectory directory = openOrCreate(path);
    try {
      check(path, directory);
      return directory;
    } catch (IOException | RuntimeException | Error e) {
      directory.close();
      throw e;
    }
  }

  private static LockableDirectory openOrCreate(Path path) {
    checkPath(path);
    while (true) {
      if (Files.isSymbolicLink(path)) {
        throw refused(path, "it is a symbolic link; name the folder itself");
      }
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        checkParent(path);
        create(path);
      }
      try {
        return LockableDirectory.open(path);
      } catch (NativeException e) {
        if (e.errno() != Errno.ENOENT) { // otherwise its owner has deleted it meanwhile
          throw refused(path, e);
        }
      }
    }
  }

  private static void checkPath(Path path) {
    if (!path.isAbsolute() || path.getFileName() == null || !path.equals(path.normalize())) {
      throw refused(path, "it is not an absolute path without \"..\", such as /sys/fs/bpf/katran");
    }
  }

  private static void checkParent(Path path) {
    if (path.getFileName().toString().contains(".")) {
      throw refused(path, "a BPF file system accepts no dots in names; choose a name without them");
    }
    Path parent = path.getParent();
    try (LockableDirectory directory = LockableDirectory.open(parent)) {
      checkFileSystem(path, directory);
    } catch (NativeException e) {
      throw e.errno() == Errno.ENOENT
          ? refused(
              path,
              "%s does not exist; create it with \"mkdir %s\" if that is in a BPF file system, otherwise %s"
                  .formatted(parent, parent, MOUNT),
              e)
          : refused(path, e);
    }
  }

  private static void checkFileSystem(Path path, LockableDirectory directory) {
    if (!directory.isInBpfFileSystem()) {
      throw refused(path, "%s is not in a BPF file system; %s".formatted(directory.path(), MOUNT));
    }
    if (directory.isReadOnly()) {
      throw refused(
          path,
          "the BPF file system is mounted read-only; make it writable with \"mount -o remount,rw\", in"
              + " a container by a volume without \"ro\"");
    }
  }

  /** Creates a folder unless it exists. */
  static void create(Path path) {
    try {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
    } catch (FileAlreadyExistsException e) {
      // It is checked like any other.
    } catch (AccessDeniedException e) {
      int user = LockableDirectory.effectiveUser();
      throw refused(
          path,
          "user %d may not create it; create it as root with \"install -d -m 0700 -o %d %s\""
              .formatted(user, user, path),
          e);
    } catch (IOException e) {
      throw refused(path, "it cannot be created: " + reason(e), e);
    }
  }

  private static void check(Path path, LockableDirectory directory) throws IOException {
    checkFileSystem(path, directory);
    int user = LockableDirectory.effectiveUser();
    int owner = directory.owner();
    if (owner != user) {
      throw refused(
          path,
          "it belongs to user %d, but this process runs as user %d; change that with \"chown -R %d %s\" or run this process as user %d"
              .formatted(owner, user, user, path, owner));
    }
    int permissions = directory.permissions();
    if ((permissions & GROUP_AND_OTHERS) != 0) {
      throw refused(
          path,
          "its mode %04o lets the group or others in; change that with \"chmod 0700 %s\""
              .formatted(permissions, path));
    }
  }

  /** Returns the kernel's words for an error, such as {@code "Permission denied"}. */
  static String reason(IOException e) {
    return e instanceof FileSystemException refusal && refusal.getReason() != null
        ? refusal.getReason()
        : String.valueOf(e);
  }

  static Failure refused(Path path, String why) {
    return refused(path, why, null);
  }

  static Failure refused(Path path, String why, @Nullable Throwable cause) {
    return new Failure(Failure.Kind.REFUSED, message(path, why), cause);
  }

  /** Converts the error of a system call, and explains those of permissions. */
  static Failure refused(Path path, NativeException e) {
    return switch (e.errno()) {
      case Errno.EPERM ->
          new Failure(
              Failure.Kind.MISSING_CAPABILITY,
              message(
                  path,
                  "%s: EPERM; this needs CAP_BPF, in a container --cap-add BPF"
                      .formatted(e.operation())),
              e);
      case Errno.EACCES ->
          refused(
              path,
              "%s: EACCES; user %d lacks the permission: run this process as the owner, or change the owner with \"chown\""
                  .formatted(e.operation(), LockableDirectory.effectiveUser()),
              e);
      default -> Refusal.of(message(path, e.getMessage()), e);
    };
  }

  private static String message(Path path, String why) {
    return "cannot pin in %s: %s".formatted(path, why);
  }
}
