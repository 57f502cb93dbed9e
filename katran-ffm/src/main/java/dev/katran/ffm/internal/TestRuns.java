package dev.katran.ffm.internal;

import dev.katran.ffm.TestRunOptions;
import dev.katran.ffm.generated.libbpf.bpf_test_run_opts;
import dev.katran.ffm.generated.libbpf.xdp_md;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** The arguments and results of {@code BPF_PROG_TEST_RUN}. */
public final class TestRuns {

  private TestRuns() {}

  /** A bpf_test_run_opts for one run; {@code out} and {@code context} may be NULL. */
  public static MemorySegment allocate(
      Arena arena,
      MemorySegment frame,
      int length,
      MemorySegment out,
      MemorySegment context,
      TestRunOptions options) {
    MemorySegment opts = arena.allocate(bpf_test_run_opts.layout());
    bpf_test_run_opts.sz(opts, opts.byteSize());
    bpf_test_run_opts.data_in(opts, frame);
    bpf_test_run_opts.data_size_in(opts, length);
    bpf_test_run_opts.data_out(opts, out);
    bpf_test_run_opts.data_size_out(opts, (int) out.byteSize());
    bpf_test_run_opts.ctx_in(opts, context);
    bpf_test_run_opts.ctx_size_in(opts, (int) context.byteSize());
    bpf_test_run_opts.repeat(opts, options.repeat());
    bpf_test_run_opts.flags(opts, options.flags());
    bpf_test_run_opts.cpu(opts, options.cpu());
    bpf_test_run_opts.batch_size(opts, options.batchSize());
    return opts;
  }

  /** What the program returned. */
  public static int retval(MemorySegment opts) {
    return bpf_test_run_opts.retval(opts);
  }

  /** The length of the frame that the program left, in bytes. */
  public static int length(MemorySegment opts) {
    return bpf_test_run_opts.data_size_out(opts);
  }

  /** How long a run took on average, in nanoseconds. */
  public static int duration(MemorySegment opts) {
    return bpf_test_run_opts.duration(opts);
  }

  /** An xdp_md for a frame that came in by an interface and one of its queues. */
  public static MemorySegment context(
      SegmentAllocator allocator, int length, int ifindex, int queue) {
    MemorySegment context = allocator.allocate(xdp_md.layout());
    context.fill((byte) 0);
    xdp_md.data_end(context, length);
    xdp_md.ingress_ifindex(context, ifindex);
    xdp_md.rx_queue_index(context, queue);
    return context;
  }
}
