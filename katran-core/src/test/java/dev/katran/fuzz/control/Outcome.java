package dev.katran.fuzz.control;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.packets.Encapsulated;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The verdict and destination of a packet.
 *
 * @param backend the address the packet was sent to, or null if it was not sent
 */
record Outcome(Verdict verdict, @Nullable InetAddress backend) {

  static Outcome of(Simulation simulation) {
    return new Outcome(
        simulation.verdict(),
        simulation.verdict() == Verdict.TX
            ? Encapsulated.read(simulation.frame()).destination()
            : null);
  }
}
