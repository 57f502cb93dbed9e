package dev.katran.ffm;

import dev.katran.ffm.generated.libbpf.bpf_test_run_opts;
import dev.katran.ffm.generated.libbpf.xdp_md;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** Encodes the arguments of {@code BPF_PROG_TEST_RUN} and decodes its results. */
final class TestRunOpts {

  private TestRunOpts() {}

  /** Allocates a bpf_test_run_opts; {@code out} and {@code context} may be NULL. */
  static MemorySegment allocate(
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

  static TestRunResult result(MemorySegment opts) {
    return new TestRunResult(
        bpf_test_run_opts.retval(opts),
        bpf_test_run_opts.data_size_out(opts),
        bpf_test_run_opts.duration(opts));
  }

  /** Allocates an xdp_md for a frame that was received on a queue of an interface. */
  static MemorySegment context(SegmentAllocator allocator, int length, int ifindex, int queue) {
    MemorySegment context = allocator.allocate(xdp_md.layout());
    context.fill((byte) 0);
    xdp_md.data_end(context, length);
    xdp_md.ingress_ifindex(context, ifindex);
    xdp_md.rx_queue_index(context, queue);
    return context;
  }
}
