package dev.katran.examples.benchmark;

import dev.katran.ffm.ProgramInfo;
import java.lang.foreign.MemorySegment;
import java.util.function.IntSupplier;
import java.util.function.ToLongFunction;

/**
 * A program under comparison.
 *
 * @param name the name in the results
 * @param tracksFlows whether its time depends on having seen a flow before
 * @param call runs a frame and returns the time in nanoseconds
 * @param descriptor returns the file descriptor
 * @param end closes the program
 */
record Program(
    String name,
    boolean tracksFlows,
    ToLongFunction<MemorySegment> call,
    IntSupplier descriptor,
    Runnable end) {

  /** The name of the program that only sends every frame back. */
  static final String BARE_TX = "bare-tx";

  /** The name of the program that only parses and encapsulates. */
  static final String BARE_ENCAP = "bare-encap";

  /** Runs a frame and returns the time in nanoseconds. */
  long measure(MemorySegment frame) {
    return call.applyAsLong(frame);
  }

  /** Returns the number of instructions that are loaded, on all paths. */
  int instructions() {
    return ProgramInfo.of(descriptor.getAsInt()).instructions();
  }

  void close() {
    end.run();
  }
}
