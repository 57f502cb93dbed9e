package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.Infos;
import dev.katran.ffm.internal.LibC;
import dev.katran.ffm.internal.TestRuns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A program of a {@link BpfObject}: before the load it can be configured, after it run and
 * attached. It is closed with its object.
 */
public final class BpfProgram {

  /** The largest log that every kernel accepts; memory is only used for what is written. */
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

  /** The program's name, that of its C function. */
  public String name() {
    return name;
  }

  /**
   * Whether the program is loaded with its object; all are unless this says otherwise.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram load(boolean load) {
    requireNotLoaded();
    check("configure", BpfObjects.setAutoload(handle, load));
    return this;
  }

  /**
   * What the verifier is to log although it finds nothing wrong: {@link BpfConstants#BPF_LOG_NONE}
   * (as it is at first), {@link BpfConstants#BPF_LOG_STATS}, {@link BpfConstants#BPF_LOG_LEVEL2} or
   * several by {@code |}. A log larger than 16 MiB fails the load on kernels before 6.4.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfProgram logLevel(int level) {
    requireNotLoaded();
    logLevel = level;
    return this;
  }

  /**
   * The program's file descriptor, 0 or more, open until the object is closed.
   *
   * @throws IllegalStateException if the program is not loaded, or closed
   */
  public int fd() {
    return FdState.require(this, fd);
  }

  /** What the verifier said when the program was loaded; empty unless {@link #logLevel} asked. */
  public String verifierLog() {
    return log;
  }

  /** What the verification cost; empty unless {@link #logLevel} asked for the statistics. */
  public Optional<VerifierStatistics> verifierStatistics() {
    return VerifierStatistics.parse(log);
  }

  /**
   * What the kernel knows about the program now.
   *
   * @throws BpfException if the kernel does not tell
   * @throws IllegalStateException if the program is not loaded, or closed
   */
  public ProgramInfo info() {
    return Infos.program(fd());
  }

  /**
   * The memory that the kernel has allotted to the program, in bytes: {@code memlock} in {@code
   * /proc/self/fdinfo}.
   *
   * @throws IllegalStateException if the program is not loaded, or closed
   */
  public long kernelMemory() {
    return FdInfo.of(fd()).number("memlock").orElse(0);
  }

  /** {@link #run(MemorySegment, int, MemorySegment, MemorySegment, TestRunOptions)}, once. */
  public TestRunResult run(
      MemorySegment frame,
      int length,
      @Nullable MemorySegment out,
      @Nullable MemorySegment context) {
    return run(frame, length, out, context, TestRunOptions.DEFAULT);
  }

  /**
   * Runs the program on a frame, in the calling thread: {@code BPF_PROG_TEST_RUN}.
   *
   * @param frame a native segment with the frame, from its Ethernet header on
   * @param length the length of the frame in bytes, at least 14, at most what a page leaves room
   *     for (about 3500)
   * @param out a native segment for the frame as the program left it; null if nobody wants it
   * @param context a native segment with the program's {@code struct xdp_md}, as {@link #context}
   *     makes it, for kernels from 5.15 on; null for a frame from the loopback interface
   * @param options how often, and where to
   * @throws BpfException if the kernel refuses the frame or the context ({@code EINVAL}), or {@code
   *     out} is too small ({@code ENOSPC})
   * @throws IllegalStateException if the program is not loaded, or closed
   */
  public TestRunResult run(
      MemorySegment frame,
      int length,
      @Nullable MemorySegment out,
      @Nullable MemorySegment context,
      TestRunOptions options) {
    if (length < 0 || length > frame.byteSize()) {
      throw new IllegalArgumentException(
          "length " + length + " of a frame of " + frame.byteSize() + " bytes");
    }
    int fd = fd();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts =
          TestRuns.allocate(
              arena, requireNative(frame), length, orNull(out), orNull(context), options);
      int rc;
      do {
        rc = Bpf.testRun(fd, opts);
      } while (rc == -Errno.EINTR);
      check("run", rc);
      return new TestRunResult(
          TestRuns.retval(opts), TestRuns.length(opts), TestRuns.duration(opts));
    }
  }

  /**
   * A {@code struct xdp_md} for {@link #run}: a frame of {@code length} bytes that came in by queue
   * {@code queue} of the interface {@code ifindex}, which must exist in the caller's network
   * namespace.
   */
  public static MemorySegment context(
      SegmentAllocator allocator, int length, int ifindex, int queue) {
    return TestRuns.context(allocator, length, ifindex, queue);
  }

  @Override
  public String toString() {
    return "program " + name;
  }

  /** Gives the verifier room for its log. */
  void beforeLoad() {
    logBuffer = LibC.reserve(LOG_SIZE);
    if (!BpfObjects.isNull(logBuffer)) {
      check("configure", BpfObjects.setLog(handle, logBuffer, logLevel));
    }
  }

  /** Takes the log, whether the load succeeded or not; says whether there is any. */
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

  /** The name of any program in this kernel; empty if the kernel does not tell. */
  static String nameOf(int id) {
    int fd = Bpf.programById(id);
    if (fd < 0) {
      return "";
    }
    try {
      return Infos.program(fd).name();
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
      throw new IllegalArgumentException("not a native segment: " + segment);
    }
    return segment;
  }
}
