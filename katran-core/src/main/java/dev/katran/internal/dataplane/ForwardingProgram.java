package dev.katran.internal.dataplane;

import dev.katran.Simulation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The program of a {@link Dataplane}. */
public interface ForwardingProgram {

  /**
   * Specialises the program for exactly these features. The program is replaced atomically, without
   * losing packets. Must be called before an entry that requires a new feature is written.
   */
  void use(Features features);

  /**
   * Returns a task that loads the program for these features, so that {@link #use} only has to
   * exchange it. Loading takes long. The task may run on any thread while other threads use the
   * dataplane.
   */
  default Runnable loading(Features features) {
    return () -> {};
  }

  /**
   * Returns the interfaces, in the order in which they were named, and how the program is attached
   * to each; empty without an interface.
   */
  default List<InterfaceState> attachments() {
    return List.of();
  }

  /**
   * Returns the addresses of the host that no VIP of a prefix may contain. Empty without an
   * interface, or if they may.
   */
  default Set<InetAddress> hostAddresses() {
    return Set.of();
  }

  /**
   * Returns what the host is set to. Empty without an interface, or if the calling thread is in
   * another network namespace than the interface.
   */
  default Optional<Surroundings> surroundings() {
    return Optional.empty();
  }

  /**
   * Runs a frame through the program as if it had been received, including the effects on counters
   * and flow table. Does not send the result.
   *
   * @param frame an Ethernet frame of at least 14 bytes; not modified
   * @throws IllegalArgumentException if the frame is too short or too long; see {@link FrameLength}
   */
  Simulation run(byte[] frame);

  /**
   * Runs a frame like {@link #run} and returns its duration in nanoseconds: of the program alone if
   * the platform reports it, otherwise of the whole call.
   *
   * @param frame a native segment with an Ethernet frame of at least 14 bytes; not modified
   * @throws IllegalArgumentException if the frame is too short or too long; see {@link FrameLength}
   */
  default long measure(MemorySegment frame) {
    byte[] copy = frame.toArray(ValueLayout.JAVA_BYTE);
    long start = System.nanoTime();
    run(copy);
    return System.nanoTime() - start;
  }

  /** Returns the file descriptor of the program that forwards now; empty outside a kernel. */
  default OptionalInt descriptor() {
    return OptionalInt.empty();
  }
}
