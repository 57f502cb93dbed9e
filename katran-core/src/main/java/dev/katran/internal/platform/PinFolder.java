package dev.katran.internal.platform;

import static dev.katran.internal.platform.PinFolderCheck.refused;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.LoadedProgram;
import dev.katran.ffm.LockableDirectory;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder in a BPF file system that holds the pinned objects of one balancer, locked while it is
 * open.
 *
 * <p>The lock is flock(2) on the folder, which the kernel releases when the process dies. A process
 * that waits for the lock holds a shared one on the subfolder {@code wanted}: the owner sees it by
 * trying to lock {@code wanted} for itself, and it ends with the waiting process as well.
 *
 * <p>Names of pins consist of lower-case letters, digits, {@code _} and {@code -}. A BPF file
 * system refuses dots, so temporary names end with {@code ~}, which no other name contains.
 */
public final class PinFolder implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PinFolder.class);

  /** Locked by those who wait. Not a pin. */
  private static final String WANTED = "wanted";

  private static final String TEMPORARY = "~";
  private static final String DEVICE = "unix:dev";
  private static final Pattern NAME = Pattern.compile("[a-z0-9_-]+");

  /** A hand-over is a gap in control, not in traffic. */
  private static final Duration POLL = Duration.ofMillis(10);

  /** The names of foreign files that a message contains. */
  private static final int NAMES_IN_MESSAGE = 5;

  private final Path path;
  private final LockableDirectory lock;
  private final LockableDirectory wanted;
  private Runnable beforeChange = () -> {};

  private PinFolder(Path path, LockableDirectory lock, LockableDirectory wanted) {
    this.path = path;
    this.lock = lock;
    this.wanted = wanted;
  }

  /**
   * Opens a folder, creates it with mode 0700 if it is missing, and locks it.
   *
   * @param path an absolute path in a BPF file system; all but the last folder must exist
   * @param known returns whether a name is one that the caller pins; names of other files are
   *     refused
   * @param wait how long to wait if another owner has locked it; zero or less to try once
   * @throws Failure if the folder is locked by another owner, is not in a BPF file system, is
   *     read-only, is accessible to others, or contains anything else than pins with known names;
   *     the message names what to change
   */
  public static PinFolder open(Path path, Predicate<String> known, Duration wait) {
    long start = System.nanoTime();
    long nanos = TimeUnit.NANOSECONDS.convert(wait);
    try {
      while (true) {
        LockableDirectory directory = PinFolderCheck.open(path);
        try {
          lock(directory, start, nanos);
          if (directory.isAtPath()) {
            return own(directory, known);
          }
        } catch (IOException | RuntimeException | Error e) {
          directory.close();
          throw e;
        }
        directory.close(); // its owner has deleted it
      }
    } catch (IOException e) {
      throw refused(path, PinFolderCheck.reason(e), e);
    } catch (NativeException e) {
      throw refused(path, e);
    }
  }

  private static void lock(LockableDirectory directory, long start, long nanos) throws IOException {
    Path sign = directory.path().resolve(WANTED);
    Optional<LockableDirectory> waiting = Optional.empty();
    try {
      while (!directory.tryLock()) {
        long left = nanos - (System.nanoTime() - start);
        if (left <= 0) {
          throw inUse(directory, nanos);
        }
        if (waiting.isEmpty()) {
          waiting = tryToWait(sign);
        }
        TimeUnit.NANOSECONDS.sleep(Math.min(left, POLL.toNanos()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw refused(directory.path(), "interrupted while waiting for its owner", e);
    } finally {
      waiting.ifPresent(LockableDirectory::close);
    }
  }

  /** Returns the lock that the owner sees; empty to try again, if the owner is just looking. */
  private static Optional<LockableDirectory> tryToWait(Path sign) {
    LockableDirectory waiting;
    try {
      waiting = LockableDirectory.open(sign);
    } catch (NativeException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty(); // the owner is about to create or to delete it
      }
      throw e;
    }
    if (waiting.tryLockShared()) {
      return Optional.of(waiting);
    }
    waiting.close();
    return Optional.empty();
  }

  private static Failure inUse(LockableDirectory directory, long nanos) throws IOException {
    return refused(
        directory.path(),
        "%s has it open%s; stop that or choose another folder"
            .formatted(
                LockHolder.of(directory.inode()),
                nanos <= 0
                    ? ""
                    : ", and did not close it within %d ms"
                        .formatted(TimeUnit.NANOSECONDS.toMillis(nanos))));
  }

  private static PinFolder own(LockableDirectory directory, Predicate<String> known)
      throws IOException {
    Path path = directory.path();
    checkContents(path, known);
    Path sign = path.resolve(WANTED);
    PinFolderCheck.create(sign);
    return new PinFolder(path, directory, LockableDirectory.open(sign));
  }

  private static void checkContents(Path path, Predicate<String> known) throws IOException {
    Set<String> foreign = new TreeSet<>();
    try (Stream<Path> files = Files.list(path)) {
      files.filter(file -> !isOurs(file, known)).map(PinFolder::nameOf).forEach(foreign::add);
    }
    if (!foreign.isEmpty()) {
      String names = String.join(", ", foreign.stream().limit(NAMES_IN_MESSAGE).toList());
      int more = foreign.size() - NAMES_IN_MESSAGE;
      throw refused(
          path,
          "it contains what no balancer of this version pins: %s%s; choose another folder, or remove them"
              .formatted(names, more > 0 ? " and %d more".formatted(more) : ""));
    }
  }

  private static boolean isOurs(Path file, Predicate<String> known) {
    String name = nameOf(file);
    if (name.equals(WANTED)) {
      return Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
    }
    String pin = isTemporary(name) ? name.substring(0, name.length() - TEMPORARY.length()) : name;
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && known.test(pin);
  }

  private static String nameOf(Path file) {
    return file.getFileName().toString();
  }

  private static boolean isTemporary(String name) {
    return name.endsWith(TEMPORARY);
  }

  /** Runs an action before each change of the folder. For tests, whose processes end there. */
  public void beforeEachChange(Runnable action) {
    beforeChange = action;
  }

  /** Returns the folder's path. */
  public Path path() {
    return path;
  }

  /** Returns whether the folder contains no pins. */
  public boolean isEmpty() {
    return names().isEmpty();
  }

  /** Returns whether there is a pin with this name. */
  public boolean contains(String name) {
    return Files.exists(resolve(name), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the names of the pins, sorted, without temporary ones. */
  public Set<String> names() {
    return names(name -> !isTemporary(name));
  }

  private Set<String> names(Predicate<String> which) {
    try (Stream<Path> files = Files.list(path)) {
      Set<String> names = new TreeSet<>();
      files
          .map(PinFolder::nameOf)
          .filter(name -> !name.equals(WANTED))
          .filter(which)
          .forEach(names::add);
      return Collections.unmodifiableSet(names);
    } catch (IOException e) {
      throw refused(path, "it cannot be listed: " + PinFolderCheck.reason(e), e);
    }
  }

  /**
   * Pins a map.
   *
   * @throws Failure if the name is taken or the kernel refuses
   */
  public void pin(String name, BpfMap map) {
    pin(resolve(name), map::pin);
  }

  /**
   * Pins a link.
   *
   * @throws Failure if the name is taken or the kernel refuses
   */
  public void pin(String name, XdpLink link) {
    pin(resolve(name), link::pin);
  }

  private void pin(Path file, Consumer<Path> pin) {
    beforeChange.run();
    try {
      pin.accept(file);
    } catch (NativeException e) {
      throw refused(path, e);
    }
  }

  /**
   * Pins a map under a name that may be taken. At every moment the name is that of the old object
   * or the new one.
   *
   * @throws Failure if the kernel refuses; the name keeps its object
   */
  public void replace(String name, BpfMap map) {
    replace(resolve(name), map::pin);
  }

  /**
   * Pins a link under a name that may be taken. At every moment the name is that of the old object
   * or the new one.
   *
   * @throws Failure if the kernel refuses; the name keeps its object
   */
  public void replace(String name, XdpLink link) {
    replace(resolve(name), link::pin);
  }

  /**
   * Pins a program under a name that may be taken. At every moment the name is that of the old
   * object or the new one.
   *
   * @throws Failure if the kernel refuses; the name keeps its object
   */
  public void replace(String name, BpfProgram program) {
    replace(resolve(name), program::pin);
  }

  private void replace(Path file, Consumer<Path> pin) {
    Path temporary = path.resolve(nameOf(file) + TEMPORARY);
    remove(temporary);
    pin(temporary, pin);
    beforeChange.run();
    try {
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Failure failure =
          refused(
              path, "cannot replace %s: %s".formatted(nameOf(file), PinFolderCheck.reason(e)), e);
      try {
        remove(temporary);
      } catch (Failure left) {
        failure.addSuppressed(left);
      }
      throw failure;
    }
  }

  /**
   * Opens a pinned map, which the caller closes.
   *
   * @throws Failure if there is none, or the object is not a map
   */
  public BpfMap map(String name) {
    try {
      return BpfMap.openPinned(resolve(name));
    } catch (NativeException e) {
      throw unusable(name, "a map", e);
    }
  }

  /**
   * Opens a pinned link, which the caller closes; empty if there is none.
   *
   * @throws Failure if the object is not an XDP link
   */
  public Optional<XdpLink> link(String name) {
    try {
      return Optional.of(XdpLink.openPinned(resolve(name)));
    } catch (NativeException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw unusable(name, "an XDP link", e);
    }
  }

  /**
   * Opens a pinned program, which the caller closes; empty if there is none.
   *
   * @throws Failure if the object is not a program
   */
  public Optional<LoadedProgram> program(String name) {
    try {
      return Optional.of(LoadedProgram.openPinned(resolve(name)));
    } catch (NativeException e) {
      if (e.errno() == Errno.ENOENT) {
        return Optional.empty();
      }
      throw unusable(name, "a program", e);
    }
  }

  private Failure unusable(String name, String kind, NativeException e) {
    return switch (e.errno()) {
      case Errno.ENOENT -> refused(path, "%s is missing".formatted(name), e);
      case Errno.EINVAL -> refused(path, "%s is not %s".formatted(name, kind), e);
      default -> refused(path, e);
    };
  }

  /**
   * Removes a pin, if there is one. The object lives on while it is open or in use; then the kernel
   * frees it a little later. A program that has to be detached at once is detached by its link.
   */
  public void unpin(String name) {
    remove(resolve(name));
  }

  /** Removes the temporary names that an interrupted {@code replace} leaves behind. */
  public void removeTemporary() {
    names(PinFolder::isTemporary).forEach(name -> remove(path.resolve(name)));
  }

  /**
   * Removes all pins and the folder, and closes it. The folder stays, empty, if something is
   * mounted there, or if root has made it where this user may not remove it. Unpin a link first: if
   * this method is interrupted, no program without its maps is then left attached.
   *
   * @throws Failure if something cannot be removed; the folder stays open and locked
   */
  public void delete() {
    names(name -> true).forEach(name -> remove(path.resolve(name)));
    remove(path.resolve(WANTED));
    if (!isMountPoint()) {
      removeFolder();
    }
    close();
  }

  private void removeFolder() {
    try {
      Files.deleteIfExists(path);
    } catch (AccessDeniedException e) {
      log.debug("{} stays, since its parent belongs to another user", path);
    } catch (IOException e) {
      throw refused(path, "cannot remove it: " + PinFolderCheck.reason(e), e);
    }
  }

  /** Such as a volume of a container, which cannot be removed. */
  private boolean isMountPoint() {
    try {
      return !Files.getAttribute(path, DEVICE).equals(Files.getAttribute(path.getParent(), DEVICE));
    } catch (IOException e) {
      throw refused(path, PinFolderCheck.reason(e), e);
    }
  }

  private void remove(Path file) {
    beforeChange.run();
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw refused(path, "cannot remove %s: %s".formatted(file, PinFolderCheck.reason(e)), e);
    }
  }

  /**
   * Returns whether another process waits for the folder. Takes two system calls.
   *
   * @throws IllegalStateException if the folder is closed
   */
  public boolean isWanted() {
    if (wanted.tryLock()) {
      wanted.unlock();
      return false;
    }
    return true;
  }

  /** Unlocks the folder, whose pins stay. Does nothing the second time. */
  @Override
  public void close() {
    wanted.close();
    lock.close();
  }

  private Path resolve(String name) {
    if (!NAME.matcher(name).matches() || name.equals(WANTED)) {
      throw new IllegalArgumentException("\"%s\" is not a name for a pin".formatted(name));
    }
    return path.resolve(name);
  }

  @Override
  public String toString() {
    return "pins in " + path;
  }
}
