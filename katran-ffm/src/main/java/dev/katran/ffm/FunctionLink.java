package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.LibC;
import java.nio.file.Path;

/**
 * A BPF link by which a program replaces a function of another program ({@code freplace}). Since
 * Linux 5.10, a program can replace functions of several programs.
 *
 * @since 0.1.0
 */
public final class FunctionLink implements AutoCloseable {

  private int fd;

  private FunctionLink(int fd) {
    this.fd = fd;
  }

  /**
   * Replaces a function.
   *
   * @param program a program that was loaded for a function like this one, see {@link
   *     BpfProgram#replacementOf}
   * @param target the other program
   * @param functionId the function's id in the types of the other program, see {@link
   *     BpfObject#functionId}
   * @throws BpfException if the program does not fit the function ({@code EINVAL})
   */
  public static FunctionLink attach(int program, int target, int functionId) {
    int fd = Bpf.replaceFunction(program, target, functionId);
    if (fd < 0) {
      throw new BpfException("replace a function of a program", -fd);
    }
    return new FunctionLink(fd);
  }

  /**
   * Pins the link in a BPF file system, which keeps it until the file is removed.
   *
   * @throws BpfException if the path exists ({@code EEXIST}) or is not in a BPF file system ({@code
   *     EPERM})
   */
  public void pin(Path path) {
    Pins.pin(this, fd, path);
  }

  /** Closes the link, which restores the function unless the link is pinned. */
  @Override
  public synchronized void close() {
    int open = fd;
    fd = -1;
    if (open >= 0) {
      LibC.close(open);
    }
  }

  @Override
  public String toString() {
    return "link to a function";
  }
}
