package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.LibC;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A program on an interface's XDP hook. The link owns the hook: nobody else can replace its
 * program, and when the link goes, with {@link #close} or with the process, so does the program,
 * unless the link is pinned.
 *
 * <p>Interfaces are those of the network namespace of the calling thread.
 */
public final class XdpLink implements AutoCloseable {

  private static final int CLOSED = -1;

  /** Where in the receive path the program runs. */
  public enum Mode {
    /** In the interface's driver, which must support it. */
    NATIVE,
    /** In the stack, for any interface, after the kernel has made a socket buffer of the frame. */
    GENERIC
  }

  private final int ifindex;
  private volatile int fd;

  private XdpLink(int fd, int ifindex) {
    this.fd = fd;
    this.ifindex = ifindex;
  }

  /**
   * Puts a program on an interface that has none.
   *
   * @param ifindex the interface's index, greater than 0
   * @throws XdpBusyException if it has one, which stays there
   * @throws BpfException if there is no such interface ({@code ENODEV}), its driver does not know
   *     XDP ({@code EOPNOTSUPP}, only {@link Mode#NATIVE}), or the kernel refuses
   */
  public static XdpLink attach(BpfProgram program, int ifindex, Mode mode) {
    int fd = Bpf.attachXdp(program.fd(), ifindex, mode == Mode.NATIVE);
    if (fd < 0) {
      String operation =
          "attach "
              + program
              + " to interface "
              + ifindex
              + " in "
              + mode.name().toLowerCase(Locale.ROOT)
              + " mode";
      throw fd == -Errno.EBUSY || fd == -Errno.EEXIST
          ? new XdpBusyException(operation, -fd, ifindex, attachedProgram(ifindex))
          : new BpfException(operation, -fd);
    }
    return new XdpLink(fd, ifindex);
  }

  /**
   * Opens the link that is pinned at {@code path}.
   *
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or no XDP link ({@code
   *     EINVAL})
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static XdpLink openPinned(Path path) {
    int fd = Pins.open("link", path);
    FdInfo info = FdInfo.of(fd);
    if (!info.has("ifindex")) {
      LibC.close(fd);
      throw new BpfException("open link pinned at " + path, Errno.EINVAL, "it is no XDP link");
    }
    return new XdpLink(fd, (int) info.number("ifindex").orElseThrow());
  }

  /**
   * The program on an interface's XDP hook, whoever attached it and however; empty if there is
   * none, or no such interface.
   *
   * @param ifindex the interface's index, greater than 0
   * @throws BpfException if the kernel refuses
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static Optional<AttachedProgram> attachedProgram(int ifindex) {
    LibbpfLibrary.ensureLoaded();
    int id = Bpf.queryXdp(ifindex);
    if (id < 0) {
      throw new BpfException("query the XDP hook of interface " + ifindex, -id);
    }
    return id == 0 ? Optional.empty() : Optional.of(new AttachedProgram(id, BpfProgram.nameOf(id)));
  }

  /** The index of the interface; 0 if it has gone since the link was pinned. */
  public int ifindex() {
    return ifindex;
  }

  /**
   * The id of the link's program, greater than 0.
   *
   * @throws IllegalStateException if the link is closed
   */
  public int programId() {
    return (int) FdInfo.of(fd()).number("prog_id").orElse(0);
  }

  /**
   * The link's file descriptor, 0 or more, open until the link is closed.
   *
   * @throws IllegalStateException if the link is closed
   */
  public int fd() {
    int fd = this.fd;
    if (fd < 0) {
      throw new IllegalStateException(this + " is closed");
    }
    return fd;
  }

  /**
   * Puts another program in the place of the link's: a packet sees the one or the other.
   *
   * @throws BpfException if the interface has gone ({@code ENOLINK}), or the kernel refuses
   * @throws IllegalStateException if the link is closed
   */
  public void update(BpfProgram program) {
    check("update", Bpf.updateLink(fd(), program.fd()));
  }

  /**
   * Takes the program off the interface, even if the link is pinned; and closes the link.
   *
   * @throws BpfException if the kernel refuses
   * @throws IllegalStateException if the link is closed
   */
  public void detach() {
    check("detach", Bpf.detachLink(fd()));
    close();
  }

  /**
   * Gives the link a name in a BPF file system, which keeps the program attached until the name is
   * removed.
   *
   * @throws BpfException if the name is taken ({@code EEXIST}), or not in a BPF file system ({@code
   *     EPERM})
   * @throws IllegalStateException if the link is closed
   */
  public void pin(Path path) {
    Pins.pin(this, fd(), path);
  }

  /** Closes the link; unless it is pinned, this takes the program off the interface. */
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
    return "XDP link on interface " + ifindex;
  }

  private void check(String verb, int rc) {
    if (rc < 0) {
      throw new BpfException(verb + " " + this, -rc);
    }
  }
}
