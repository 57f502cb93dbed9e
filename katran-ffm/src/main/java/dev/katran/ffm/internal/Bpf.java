package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_link_create_opts;
import dev.katran.ffm.generated.libbpf.bpf_xdp_attach_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

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

  private static final MethodHandle BPF_OBJ_PIN =
      Native.function(Libbpf.bpf_obj_pin$address(), Libbpf.bpf_obj_pin$descriptor());
  private static final MethodHandle BPF_OBJ_GET =
      Native.function(Libbpf.bpf_obj_get$address(), Libbpf.bpf_obj_get$descriptor());
  private static final MethodHandle BPF_OBJ_GET_INFO_BY_FD =
      Native.function(
          Libbpf.bpf_obj_get_info_by_fd$address(), Libbpf.bpf_obj_get_info_by_fd$descriptor());
  private static final MethodHandle BPF_PROG_GET_FD_BY_ID =
      Native.function(
          Libbpf.bpf_prog_get_fd_by_id$address(), Libbpf.bpf_prog_get_fd_by_id$descriptor());
  private static final MethodHandle BPF_MAP_GET_FD_BY_ID =
      Native.function(
          Libbpf.bpf_map_get_fd_by_id$address(), Libbpf.bpf_map_get_fd_by_id$descriptor());
  private static final MethodHandle BPF_PROG_TEST_RUN_OPTS =
      Native.function(
          Libbpf.bpf_prog_test_run_opts$address(), Libbpf.bpf_prog_test_run_opts$descriptor());
  private static final MethodHandle BPF_LINK_CREATE =
      Native.function(Libbpf.bpf_link_create$address(), Libbpf.bpf_link_create$descriptor());
  private static final MethodHandle BPF_LINK_UPDATE =
      Native.function(Libbpf.bpf_link_update$address(), Libbpf.bpf_link_update$descriptor());
  private static final MethodHandle BPF_LINK_DETACH =
      Native.function(Libbpf.bpf_link_detach$address(), Libbpf.bpf_link_detach$descriptor());
  private static final MethodHandle BPF_XDP_QUERY_ID =
      Native.function(Libbpf.bpf_xdp_query_id$address(), Libbpf.bpf_xdp_query_id$descriptor());
  private static final MethodHandle BPF_XDP_ATTACH =
      Native.function(Libbpf.bpf_xdp_attach$address(), Libbpf.bpf_xdp_attach$descriptor());
  private static final MethodHandle LIBBPF_NUM_POSSIBLE_CPUS =
      Native.function(
          Libbpf.libbpf_num_possible_cpus$address(), Libbpf.libbpf_num_possible_cpus$descriptor());

  private Bpf() {}

  /** Pins a map, program or link in a BPF file system. */
  public static int pin(int fd, String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(path);
      return (int) BPF_OBJ_PIN.invokeExact(Native.state(), fd, cPath);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the object pinned at {@code path} and returns its file descriptor. */
  public static int openPinned(String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cPath = arena.allocateFrom(path);
      return (int) BPF_OBJ_GET.invokeExact(Native.state(), cPath);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Fills {@code info}; fields that the kernel does not support stay unchanged. */
  public static int info(int fd, MemorySegment info) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, (int) info.byteSize());
      return (int) BPF_OBJ_GET_INFO_BY_FD.invokeExact(Native.state(), fd, info, size);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the program with this id and returns its file descriptor. */
  public static int programById(int id) {
    try {
      return (int) BPF_PROG_GET_FD_BY_ID.invokeExact(Native.state(), id);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Opens the map with this id and returns its file descriptor. */
  public static int mapById(int id) {
    try {
      return (int) BPF_MAP_GET_FD_BY_ID.invokeExact(Native.state(), id);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Runs a program as described by {@code opts}, a bpf_test_run_opts. */
  public static int testRun(int fd, MemorySegment opts) {
    try {
      return (int) BPF_PROG_TEST_RUN_OPTS.invokeExact(Native.state(), fd, opts);
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
          BPF_LINK_CREATE.invokeExact(Native.state(), programFd, ifindex, attachType, opts);
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
      return (int) BPF_LINK_CREATE.invokeExact(Native.state(), programFd, targetFd, 0, opts);
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
      return (int) BPF_XDP_ATTACH.invokeExact(Native.state(), ifindex, programFd, flags, opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Replaces the link's program. */
  public static int updateLink(int linkFd, int programFd) {
    try {
      return (int)
          BPF_LINK_UPDATE.invokeExact(Native.state(), linkFd, programFd, MemorySegment.NULL);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Detaches the link's program from its hook. */
  public static int detachLink(int linkFd) {
    try {
      return (int) BPF_LINK_DETACH.invokeExact(Native.state(), linkFd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the id of the XDP program attached to an interface; 0 if there is none. */
  public static int queryXdp(int ifindex) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ValueLayout.JAVA_INT);
      int rc = (int) BPF_XDP_QUERY_ID.invokeExact(Native.state(), ifindex, 0, id);
      return rc < 0 ? rc : id.get(ValueLayout.JAVA_INT, 0);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the number of possible CPUs, the number of values in an entry of a per-CPU map. */
  public static int possibleCpus() {
    try {
      return (int) LIBBPF_NUM_POSSIBLE_CPUS.invokeExact(Native.state());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }
}
