package dev.katran.internal.dataplane;

import dev.katran.Count;
import dev.katran.TunnelKind;

/** The port to a running decapsulator. */
public interface DecapsulationProgram extends AutoCloseable {

  /** Returns the packets decapsulated from tunnels of one kind. */
  Count count(TunnelKind kind);

  /** Returns the frames that passed unchanged. */
  Count passed();

  /** Detaches the program and frees its maps. */
  @Override
  void close();
}
