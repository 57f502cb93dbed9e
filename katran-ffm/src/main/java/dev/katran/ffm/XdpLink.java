package dev.katran.ffm;

import dev.katran.ffm.generated.libbpf.bpf_link_info;
import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A BPF link that attaches a program to an interface's XDP hook.
 *
 * <p>The link owns the hook: the program can be replaced only through the link. The program is
 * detached by {@link #close} or when the process ends, unless the link is pinned. Interfaces are
 * those of the calling thread's network namespace.
 *
 * @since 0.1.0
 */
public final class XdpLink implements AutoCloseable {

  private static final int CLOSED = -1;

  /** From enum bpf_link_type of linux/bpf.h. */
  private static final int BPF_LINK_TYPE_XDP = 6;

  /**
   * The point in the receive path at which the program runs.
   *
   * @since 0.1.0
   */
  public enum Mode {
    /** In the interface's driver, which must support XDP. */
    NATIVE,
    /** In the network stack, for any interface, after the kernel has allocated a socket buffer. */
    GENERIC
  }

  /** The index at the time it was attached or opened, for messages. */
  private final int ifindex;

  private volatile int fd;

  private XdpLink(int fd, int ifindex) {
    this.fd = fd;
    this.ifindex = ifindex;
  }

  /**
   * Attaches a program to an interface.
   *
   * @param ifindex the interface's index, greater than 0
   * @throws XdpBusyException if the interface already has a program, which stays attached
   * @throws BpfException if there is no such interface ({@code ENODEV}), its driver does not
   *     support XDP ({@code EOPNOTSUPP}, only {@link Mode#NATIVE}), or the kernel fails the call
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
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or an object that is not an
   *     XDP link ({@code EINVAL})
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static XdpLink openPinned(Path path) {
    String operation = "open link pinned at " + path;
    int fd = Pins.open("link", path);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = info(fd, arena, operation);
      if (bpf_link_info.type(info) != BPF_LINK_TYPE_XDP) {
        throw new BpfException(operation, Errno.EINVAL, "the pinned object is not an XDP link");
      }
      return new XdpLink(fd, ifindex(info));
    } catch (RuntimeException | Error e) {
      LibC.close(fd);
      throw e;
    }
  }

  /**
   * Returns the program on an interface's XDP hook, including programs that other processes
   * attached without a link; empty if there is none or no such interface.
   *
   * @param ifindex the interface's index, greater than 0
   * @throws BpfException if the kernel fails the query
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static Optional<AttachedProgram> attachedProgram(int ifindex) {
    int id = XdpHook.programId(ifindex);
    return id == 0 ? Optional.empty() : Optional.of(AttachedProgram.of(id));
  }

  /**
   * Returns the current index of the interface; 0 once it was deleted or the link was detached. The
   * index changes if the interface is moved to a network namespace where it is taken.
   *
   * @throws IllegalStateException if the link is closed
   */
  public synchronized int ifindex() {
    try (Arena arena = Arena.ofConfined()) {
      return ifindex(info(arena));
    }
  }

  /**
   * Returns the id of the link's program, greater than 0.
   *
   * @throws IllegalStateException if the link is closed
   */
  public synchronized int programId() {
    try (Arena arena = Arena.ofConfined()) {
      return bpf_link_info.prog_id(info(arena));
    }
  }

  /**
   * Returns whether the program is attached. False once the interface was deleted or the link was
   * detached, by {@code bpftool link detach} for example; it is never attached again then.
   *
   * @throws IllegalStateException if the link is closed
   */
  public boolean isAttached() {
    return ifindex() != 0;
  }

  private MemorySegment info(Arena arena) {
    return info(fd(), arena, "query " + this);
  }

  private static MemorySegment info(int fd, Arena arena, String operation) {
    MemorySegment info = arena.allocate(bpf_link_info.layout());
    int rc = Bpf.info(fd, info);
    if (rc < 0) {
      throw new BpfException(operation, -rc);
    }
    return info;
  }

  private static int ifindex(MemorySegment info) {
    return bpf_link_info.xdp.ifindex(bpf_link_info.xdp(info));
  }

  /**
   * Returns the link's file descriptor, 0 or more, which stays open until the link is closed.
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
   * Replaces the link's program atomically: every packet is processed by one or the other.
   *
   * @throws BpfException if the interface was deleted ({@code ENOLINK}) or the kernel fails the
   *     call
   * @throws IllegalStateException if the link is closed
   */
  public void update(BpfProgram program) {
    check("update", Bpf.updateLink(fd(), program.fd()));
  }

  /**
   * Detaches the program, even if the link is pinned, and closes the link.
   *
   * @throws BpfException if the kernel fails the call
   * @throws IllegalStateException if the link is closed
   */
  public void detach() {
    check("detach", Bpf.detachLink(fd()));
    close();
  }

  /**
   * Pins the link in a BPF file system, which keeps the program attached until the file is removed.
   *
   * @throws BpfException if the path exists ({@code EEXIST}) or is not in a BPF file system ({@code
   *     EPERM})
   * @throws IllegalStateException if the link is closed
   */
  public void pin(Path path) {
    Pins.pin(this, fd(), path);
  }

  /** Closes the link, which detaches the program unless the link is pinned. */
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
