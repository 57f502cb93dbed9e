package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.katran.ffm.internal.LibC;
import dev.katran.ffm.internal.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/**
 * An open directory that can be locked with flock(2), for example in a BPF file system.
 *
 * <p>The kernel releases a lock when its directory is closed or the process dies. Two openings of
 * one directory are two owners, also within one process.
 *
 * @since 0.1.0
 */
public final class LockableDirectory implements AutoCloseable {

  // The operations of flock(2), from asm-generic/fcntl.h.
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int LOCK_UN = 8;

  /** From linux/magic.h. */
  private static final int BPF_FS_MAGIC = 0xcafe4a11;

  /** From linux/statfs.h. */
  private static final long ST_RDONLY = 1;

  // The struct statfs of 64-bit machines, see asm-generic/statfs.h.
  private static final long STATFS_SIZE = 120;
  private static final long F_TYPE = 0;
  private static final long F_FLAGS = 80;

  private static final int CLOSED = -1;
  private static final int PERMISSIONS = 07777;

  private final Path path;
  private int fd;

  private LockableDirectory(Path path, int fd) {
    this.path = path;
    this.fd = fd;
  }

  /**
   * Opens a directory, following symbolic links.
   *
   * @throws NativeException if there is none ({@code ENOENT}), it is no directory ({@code
   *     ENOTDIR}), or it may not be read ({@code EACCES})
   */
  public static LockableDirectory open(Path path) {
    // The flag O_DIRECTORY differs between machines; the dot is one for all.
    int fd = LibC.open(path + "/.");
    if (fd < 0) {
      throw new NativeException("open directory " + path, Native.errno());
    }
    return new LockableDirectory(path, fd);
  }

  /** Returns the effective user id of this process. */
  public static int effectiveUser() {
    return LibC.effectiveUser();
  }

  /** Returns the path by which the directory was opened. */
  public Path path() {
    return path;
  }

  /**
   * Locks the directory unless another owner has locked it, and returns whether it is locked.
   *
   * @throws NativeException if the kernel fails the call for another reason
   * @throws IllegalStateException if the directory is closed
   */
  public boolean tryLock() {
    return flock(LOCK_EX | LOCK_NB);
  }

  /**
   * Locks the directory together with others that do so, unless an owner has locked it with {@link
   * #tryLock}, and returns whether it is locked.
   *
   * @throws NativeException if the kernel fails the call for another reason
   * @throws IllegalStateException if the directory is closed
   */
  public boolean tryLockShared() {
    return flock(LOCK_SH | LOCK_NB);
  }

  /**
   * Releases the lock, if there is one.
   *
   * @throws IllegalStateException if the directory is closed
   */
  public void unlock() {
    flock(LOCK_UN);
  }

  private synchronized boolean flock(int operation) {
    if (LibC.flock(fd(), operation) == 0) {
      return true;
    }
    int errno = Native.errno();
    if (errno != Errno.EAGAIN) {
      throw new NativeException("lock directory " + path, errno);
    }
    return false;
  }

  /** Returns whether the directory is in a BPF file system. */
  public boolean isInBpfFileSystem() {
    return (int) fileSystem(F_TYPE) == BPF_FS_MAGIC;
  }

  /** Returns whether the directory was opened through a mount that is read-only. */
  public boolean isReadOnly() {
    return (fileSystem(F_FLAGS) & ST_RDONLY) != 0;
  }

  private synchronized long fileSystem(long field) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statfs = arena.allocate(STATFS_SIZE, JAVA_LONG.byteAlignment());
      if (LibC.fileSystem(fd(), statfs) < 0) {
        throw new NativeException("query the file system of " + path, Native.errno());
      }
      return statfs.get(JAVA_LONG, field);
    }
  }

  /**
   * Returns the id of the user who owns the directory.
   *
   * @throws IOException if /proc is not mounted
   */
  public int owner() throws IOException {
    return (int) attribute("uid");
  }

  /**
   * Returns the directory's permissions, such as {@code 0700}.
   *
   * @throws IOException if /proc is not mounted
   */
  public int permissions() throws IOException {
    return (int) attribute("mode") & PERMISSIONS;
  }

  /**
   * Returns the directory's device and inode as in /proc/locks, such as {@code "00:27:3597747"}.
   *
   * @throws IOException if /proc is not mounted
   */
  public String inode() throws IOException {
    long device = (long) attribute("dev");
    // The bits of a dev_t, see bits/sysmacros.h.
    long major = (device >>> 8 & 0xfff) | (device >>> 32 & 0xfffff000L);
    long minor = (device & 0xff) | (device >>> 12 & 0xffffff00L);
    return "%02x:%02x:%d".formatted(major, minor, (long) attribute("ino"));
  }

  /**
   * Returns whether the directory is the one that is now at its path, rather than one that was
   * deleted, or the target of a symbolic link at that path.
   *
   * @throws IOException if /proc is not mounted
   */
  public boolean isAtPath() throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try {
      Map<String, Object> now =
          Files.readAttributes(path, "unix:dev,ino", LinkOption.NOFOLLOW_LINKS);
      return now.get("ino").equals(attribute("ino")) && now.get("dev").equals(attribute("dev"));
    } catch (NoSuchFileException e) {
      return false; // deleted meanwhile
    }
  }

  /** Reads a field of struct stat. */
  private synchronized Object attribute(String name) throws IOException {
    return Files.getAttribute(Path.of("/proc/self/fd/" + fd()), "unix:" + name);
  }

  private int fd() {
    if (fd < 0) {
      throw new IllegalStateException("directory " + path + " is closed");
    }
    return fd;
  }

  /** Releases the lock and closes the directory. Does nothing the second time. */
  @Override
  public synchronized void close() {
    if (fd >= 0) {
      // A child process that has not yet executed its program would keep a lock that is not
      // released.
      int ignored = LibC.flock(fd, LOCK_UN);
      LibC.close(fd);
      fd = CLOSED;
    }
  }

  @Override
  public String toString() {
    return "directory " + path;
  }
}
