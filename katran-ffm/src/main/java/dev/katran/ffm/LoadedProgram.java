package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.LibC;
import java.nio.file.Path;
import java.util.List;

/**
 * A program in the kernel that was loaded before, by this process or another one.
 *
 * @since 0.1.0
 */
public final class LoadedProgram implements AutoCloseable {

  private static final int CLOSED = -1;

  private final int id;
  private volatile int fd;

  private LoadedProgram(int fd) {
    this.fd = fd;
    this.id = KernelInfo.program(fd).id();
  }

  /**
   * Opens the program that is pinned at {@code path}.
   *
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or an object that is not a
   *     program ({@code EINVAL})
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static LoadedProgram openPinned(Path path) {
    return own(Pins.open("prog", path));
  }

  /**
   * Opens a program by its id, which needs CAP_SYS_ADMIN.
   *
   * @throws BpfException if there is no such program ({@code ENOENT})
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static LoadedProgram openById(int id) {
    LibbpfLibrary.ensureLoaded();
    int fd = Bpf.programById(id);
    if (fd < 0) {
      throw new BpfException("open program " + id, -fd);
    }
    return own(fd);
  }

  private static LoadedProgram own(int fd) {
    try {
      return new LoadedProgram(fd);
    } catch (RuntimeException | Error e) {
      LibC.close(fd);
      throw e;
    }
  }

  /**
   * Pins a program in a BPF file system.
   *
   * @param program its descriptor
   * @throws BpfException if the path exists ({@code EEXIST}) or is not in a BPF file system ({@code
   *     EPERM})
   */
  public static void pin(int program, Path path) {
    Pins.pin("program", program, path);
  }

  /** Returns the id of the program in the kernel, greater than 0. */
  public int id() {
    return id;
  }

  /** Returns the first 15 characters of the program's name. */
  public String name() {
    return KernelInfo.program(fd()).name();
  }

  /** Returns the ids of the maps that the program uses, at most 16. */
  public List<Integer> mapIds() {
    return KernelInfo.mapIds(fd());
  }

  /**
   * Returns the program's file descriptor, 0 or more, which stays open until it is closed.
   *
   * @throws IllegalStateException if the program is closed
   */
  public int fd() {
    int open = fd;
    if (open < 0) {
      throw new IllegalStateException(this + " is closed");
    }
    return open;
  }

  /** Closes the program, which is freed unless it is pinned or in use. */
  @Override
  public synchronized void close() {
    int open = fd;
    fd = CLOSED;
    if (open >= 0) {
      LibC.close(open);
    }
  }

  @Override
  public String toString() {
    return "program " + id;
  }
}
