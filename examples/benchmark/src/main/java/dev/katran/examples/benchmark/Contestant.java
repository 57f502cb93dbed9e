package dev.katran.examples.benchmark;

import java.lang.foreign.MemorySegment;
import java.util.function.ToLongFunction;

/**
 * A program that packets can be sent through, and that says how long it took for one.
 *
 * @param name what it is called in the results
 * @param remembers whether it makes a difference to it whether it has seen a flow before
 * @param program runs on a frame, and returns nanoseconds
 * @param end closes the program
 */
record Contestant(
    String name, boolean remembers, ToLongFunction<MemorySegment> program, Runnable end) {

  long measure(MemorySegment frame) {
    return program.applyAsLong(frame);
  }

  void close() {
    end.run();
  }
}
