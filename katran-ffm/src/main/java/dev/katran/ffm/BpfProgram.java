package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A program of a {@link BpfObject}. It can be configured before the object is loaded, run and
 * attached after the load, and is closed with the object.
 *
 * @since 0.1.0
 */
public final class BpfProgram {

  /** The largest log buffer that every kernel accepts; only the pages written to use memory. */
  private static final long LOG_SIZE = (1 << 24) - 1;

  private final String name;
  private final MemorySegment handle;
  private volatile int fd = FdState.NOT_LOADED;
  private int logLevel = BpfConstants.BPF_LOG_NONE;
  private MemorySegment logBuffer = MemorySegment.NULL;
  private volatile String log = "";

  BpfProgram(MemorySegment handle) {
    this.handle = handle;
    this.name = BpfObjects.programName(handle);
  }

  /** Returns the program's name, which is the name of its C function. */
  public String name() {
    return name;
  }

  /**
   * Selects whether the program is loaded with its object; by default it is.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram autoload(boolean autoload) {
    requireNotLoaded();
    check("configure", BpfObjects.setAutoload(handle, autoload));
    return this;
  }

  /**
   * Sets the hook that the program is loaded for. By default, it follows from the program's
   * section. Programs that call each other by tail calls must have the same one since Linux 6.17,
   * and in older kernels that got this check, too.
   *
   * @param type {@link BpfConstants#BPF_XDP}, or 0 for none
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram expectedAttachType(int type) {
    requireNotLoaded();
    check("configure", BpfObjects.setExpectedAttachType(handle, type));
    return this;
  }

  /**
   * Makes the program replace a function of another program, which it must be compatible with
   * ({@code BPF_PROG_TYPE_EXT}). {@link FunctionLink} attaches it.
   *
   * @param target the other program's descriptor
   * @param function the name of a global function
   * @throws BpfException if the other program has no such function
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram replacementOf(int target, String function) {
    requireNotLoaded();
    check("configure", BpfObjects.setReplacementOf(handle, target, function));
    return this;
  }

  /**
   * Sets the verifier's log level, which applies even if the program is accepted: {@link
   * BpfConstants#BPF_LOG_NONE} (the default), {@link BpfConstants#BPF_LOG_STATS}, {@link
   * BpfConstants#BPF_LOG_LEVEL2}, or several combined by {@code |}. On kernels before 6.4, a log
   * larger than 16 MiB fails the load.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram logLevel(int level) {
    requireNotLoaded();
    logLevel = level;
    return this;
  }

  /**
   * Returns the program's file descriptor, 0 or more, which stays open until the object is closed.
   *
   * @throws IllegalStateException if the program is not loaded or is closed
   */
  public int fd() {
    return FdState.require(this, fd);
  }

  /** Returns the verifier's log of the load; empty unless {@link #logLevel} was set. */
  public String verifierLog() {
    return log;
  }

  /** Returns the cost of verification; empty unless {@link #logLevel} included the statistics. */
  public Optional<VerifierStatistics> verifierStatistics() {
    return VerifierStatistics.parse(log);
  }

  /**
   * Returns the current state of the program in the kernel.
   *
   * @throws BpfException if the kernel fails the query
   * @throws IllegalStateException if the program is not loaded or is closed
   */
  public ProgramInfo info() {
    return KernelInfo.program(fd());
  }

  /**
   * Returns the kernel memory that the program occupies, in bytes: {@code memlock} in {@code
   * /proc/self/fdinfo}. 0 if that cannot be read.
   *
   * @throws IllegalStateException if the program is not loaded or is closed
   */
  public long kernelMemory() {
    return FdInfo.memory(fd());
  }

  /** Runs the program once on a frame, with {@link TestRunOptions#DEFAULT}. */
  public TestRunResult run(
      MemorySegment frame,
      int length,
      @Nullable MemorySegment out,
      @Nullable MemorySegment context) {
    return run(frame, length, out, context, TestRunOptions.DEFAULT);
  }

  /**
   * Runs the program on a frame in the calling thread, by {@code BPF_PROG_TEST_RUN}.
   *
   * @param frame a native segment that contains the frame, starting with its Ethernet header
   * @param length the length of the frame in bytes, from 14 to the kernel's limit of a little less
   *     than a page (about 3500)
   * @param out a native segment that receives the resulting frame; null to discard it
   * @param context a native segment with a {@code struct xdp_md}, see {@link #context}; needs Linux
   *     5.15. Null for a frame from the loopback interface
   * @param options the number of runs and other options
   * @throws BpfException if the kernel rejects the frame or the context ({@code EINVAL}), or {@code
   *     out} is too small ({@code ENOSPC})
   * @throws IllegalArgumentException if a segment is not native, its arena is closed or belongs to
   *     another thread, or the length exceeds the frame's segment
   * @throws IllegalStateException if the program is not loaded or is closed
   */
  public TestRunResult run(
      MemorySegment frame,
      int length,
      @Nullable MemorySegment out,
      @Nullable MemorySegment context,
      TestRunOptions options) {
    if (length < 0 || length > frame.byteSize()) {
      throw new IllegalArgumentException(
          "frame length " + length + ", must be 0 to " + frame.byteSize() + ", the segment's size");
    }
    int fd = fd();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts =
          TestRunOpts.allocate(
              arena, requireNative(frame), length, orNull(out), orNull(context), options);
      int rc;
      do {
        rc = Bpf.testRun(fd, opts);
      } while (rc == -Errno.EINTR);
      check("run", rc);
      return TestRunOpts.result(opts);
    }
  }

  /**
   * Allocates a {@code struct xdp_md} for {@link #run}.
   *
   * @param length the length of the frame in bytes
   * @param ifindex the interface that received the frame; it must exist in the caller's network
   *     namespace
   * @param queue the receive queue of that interface
   */
  public static MemorySegment context(
      SegmentAllocator allocator, int length, int ifindex, int queue) {
    return TestRunOpts.context(allocator, length, ifindex, queue);
  }

  /**
   * Pins the program in a BPF file system, which keeps it until the file is removed.
   *
   * @throws BpfException if the path exists ({@code EEXIST}) or is not in a BPF file system ({@code
   *     EPERM})
   * @throws IllegalStateException if the program is not loaded or is closed
   */
  public void pin(Path path) {
    Pins.pin(this, fd(), path);
  }

  @Override
  public String toString() {
    return "program " + name;
  }

  /** Allocates the buffer of the verifier's log. */
  void beforeLoad() {
    logBuffer = LibC.reserve(LOG_SIZE);
    if (!BpfObjects.isNull(logBuffer)) {
      check("configure", BpfObjects.setLog(handle, logBuffer, logLevel));
    }
  }

  /** Copies the log and frees its buffer; returns whether the log is not empty. */
  boolean takeLog() {
    if (!BpfObjects.isNull(logBuffer)) {
      log = logBuffer.getString(0);
      LibC.unmap(logBuffer);
      logBuffer = MemorySegment.NULL;
    }
    return !log.isEmpty();
  }

  void loaded() {
    fd = FdState.loaded(BpfObjects.programFd(handle));
  }

  void close() {
    fd = FdState.CLOSED;
  }

  /** Returns the name of a loaded program; empty if the kernel does not report it. */
  static String nameOf(int id) {
    int fd = Bpf.programById(id);
    if (fd < 0) {
      return "";
    }
    try {
      return KernelInfo.program(fd).name();
    } finally {
      LibC.close(fd);
    }
  }

  private void requireNotLoaded() {
    FdState.requireNotLoaded(this, fd);
  }

  private void check(String verb, int rc) {
    if (rc < 0) {
      throw new BpfException(verb + " program " + name, -rc);
    }
  }

  private static MemorySegment orNull(@Nullable MemorySegment segment) {
    return segment == null ? MemorySegment.NULL : requireNative(segment);
  }

  private static MemorySegment requireNative(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("needs a native segment, got " + segment);
    }
    // The kernel gets addresses, so the JVM does not check the segments at the call.
    if (!segment.scope().isAlive()) {
      throw new IllegalArgumentException("the arena of " + segment + " is closed");
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalArgumentException(segment + " belongs to another thread");
    }
    return segment;
  }
}
