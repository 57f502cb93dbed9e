package dev.katran.internal.dataplane;

import dev.katran.Count;
import dev.katran.TunnelKind;

/** The port to a running decapsulator. */
public interface DecapsulationProgram extends AutoCloseable {

  /** Returns the packets decapsulated from tunnels of one kind. */
  Count count(TunnelKind kind);

  /** Returns the frames that passed unchanged. */
  Count passed();

  /** Returns the packets dropped because they were marked as congested. */
  Count congested();

  /** Returns the interface and how the program is attached to it. */
  InterfaceState attachment();

  /**
   * Reads the addresses of this host again, if the rules depend on them. Must not run at the same
   * time as itself or {@link #close}.
   */
  void refresh();

  /** Detaches the program and frees its maps. */
  @Override
  void close();
}
