package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_link_create_opts;
import dev.katran.ffm.generated.libbpf.bpf_xdp_attach_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Calls the commands of bpf(2) on programs, links and pinned objects through libbpf. Each method
 * returns the result of the C function: 0 or more, or the negative errno.
 *
 * @since 0.1.0
 */
public final class Bpf {

  /** From enum bpf_attach_type of linux/bpf.h since Linux 6.6. */
  private static final int BPF_TCX_EGRESS = 47;

  /** Among the programs of a hook, before the one named, or all if none is; since Linux 6.6. */
  private static final int BPF_F_BEFORE = 1 << 3;

  private Bpf() {}

  /** Pins a map, program or link in a BPF file system. */
  public static int pin(int fd, String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(path);
      return (int) Libbpf.bpf_obj_pin$handle().invokeExact(fd, cPath);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the object pinned at {@code path} and returns its file descriptor. */
  public static int openPinned(String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(path);
      return (int) Libbpf.bpf_obj_get$handle().invokeExact(cPath);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Fills {@code info}; fields that the kernel does not support stay unchanged. */
  public static int info(int fd, MemorySegment info) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, (int) info.byteSize());
      return (int) Libbpf.bpf_obj_get_info_by_fd$handle().invokeExact(fd, info, size);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the program with this id and returns its file descriptor. */
  public static int programById(int id) {
    try {
      return (int) Libbpf.bpf_prog_get_fd_by_id$handle().invokeExact(id);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the map with this id and returns its file descriptor. */
  public static int mapById(int id) {
    try {
      return (int) Libbpf.bpf_map_get_fd_by_id$handle().invokeExact(id);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Runs a program as described by {@code opts}, a bpf_test_run_opts. */
  public static int testRun(int fd, MemorySegment opts) {
    try {
      return (int) Libbpf.bpf_prog_test_run_opts$handle().invokeExact(fd, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Attaches an XDP program to an interface, in its driver or in the network stack, and returns the
   * link's file descriptor.
   */
  public static int attachXdp(int programFd, int ifindex, boolean inDriver) {
    int flags = inDriver ? Libbpf.XDP_FLAGS_DRV_MODE() : Libbpf.XDP_FLAGS_SKB_MODE();
    return createLink(programFd, ifindex, Libbpf.BPF_XDP(), flags);
  }

  /**
   * Attaches a classifier before all others to an interface's tcx egress hook, and returns the
   * link's file descriptor. Kernels before 6.6 do not know the hook, and return EINVAL.
   */
  public static int attachTcxEgress(int programFd, int ifindex) {
    return createLink(programFd, ifindex, BPF_TCX_EGRESS, BPF_F_BEFORE);
  }

  private static int createLink(int programFd, int ifindex, int attachType, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = arena.allocate(bpf_link_create_opts.layout());
      bpf_link_create_opts.sz(opts, opts.byteSize());
      bpf_link_create_opts.flags(opts, flags);
      return (int)
          Libbpf.bpf_link_create$handle().invokeExact(programFd, ifindex, attachType, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Replaces a function of a program by another program and returns the link's descriptor. */
  public static int replaceFunction(int programFd, int targetFd, int functionId) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = arena.allocate(bpf_link_create_opts.layout());
      bpf_link_create_opts.sz(opts, opts.byteSize());
      bpf_link_create_opts.target_btf_id(opts, functionId);
      return (int) Libbpf.bpf_link_create$handle().invokeExact(programFd, targetFd, 0, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Attaches an XDP program to an interface without a link, or detaches one.
   *
   * @param programFd the program, or -1 to detach
   * @param expectedFd the program that must be attached now, or 0 if there must be none
   */
  public static int exchangeXdp(int ifindex, int programFd, int expectedFd, boolean inDriver) {
    int mode = inDriver ? Libbpf.XDP_FLAGS_DRV_MODE() : Libbpf.XDP_FLAGS_SKB_MODE();
    int flags = expectedFd == 0 ? mode | Libbpf.XDP_FLAGS_UPDATE_IF_NOEXIST() : mode;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = arena.allocate(bpf_xdp_attach_opts.layout());
      bpf_xdp_attach_opts.sz(opts, opts.byteSize());
      bpf_xdp_attach_opts.old_prog_fd(opts, expectedFd);
      return (int) Libbpf.bpf_xdp_attach$handle().invokeExact(ifindex, programFd, flags, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Replaces the link's program. */
  public static int updateLink(int linkFd, int programFd) {
    try {
      return (int)
          Libbpf.bpf_link_update$handle().invokeExact(linkFd, programFd, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Detaches the link's program from its hook. */
  public static int detachLink(int linkFd) {
    try {
      return (int) Libbpf.bpf_link_detach$handle().invokeExact(linkFd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the id of the XDP program attached to an interface; 0 if there is none. */
  public static int queryXdp(int ifindex) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ValueLayout.JAVA_INT);
      int rc = (int) Libbpf.bpf_xdp_query_id$handle().invokeExact(ifindex, 0, id);
      return rc < 0 ? rc : id.get(ValueLayout.JAVA_INT, 0);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the number of possible CPUs, the number of values in an entry of a per-CPU map. */
  public static int possibleCpus() {
    try {
      return (int) Libbpf.libbpf_num_possible_cpus$handle().invokeExact();
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
