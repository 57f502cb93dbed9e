package dev.katran.fuzz.control;

import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.packets.Encapsulated;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What became of a packet.
 *
 * @param backend where it went; null if it went nowhere
 */
record Answer(Verdict verdict, @Nullable InetAddress backend) {

  static Answer of(Simulation simulation) {
    return new Answer(
        simulation.verdict(),
        simulation.verdict() == Verdict.TX
            ? Encapsulated.read(simulation.frame()).destination()
            : null);
  }
}
