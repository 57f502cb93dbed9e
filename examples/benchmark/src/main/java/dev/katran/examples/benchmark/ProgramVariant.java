package dev.katran.examples.benchmark;

import java.lang.foreign.MemorySegment;
import java.util.function.ToLongFunction;

/**
 * A program under comparison.
 *
 * @param name the name in the results
 * @param tracksFlows whether its time depends on having seen a flow before
 * @param program runs a frame and returns the time in nanoseconds
 * @param end closes the program
 */
record ProgramVariant(
    String name, boolean tracksFlows, ToLongFunction<MemorySegment> program, Runnable end) {

  long measure(MemorySegment frame) {
    return program.applyAsLong(frame);
  }

  void close() {
    end.run();
  }
}
