package dev.katran.internal.nexthop;

import dev.katran.UnresolvedBackend.Reason;
import dev.katran.internal.packet.Hop;
import java.util.Optional;

/** What is known about the next hop of a backend: the hop, or why there is none. */
public sealed interface Resolution {

  /** Returns the next hop, if it is known. */
  Optional<Hop> hop();

  /** The next hop is known. */
  record Resolved(Hop next) implements Resolution {
    @Override
    public Optional<Hop> hop() {
      return Optional.of(next);
    }
  }

  /**
   * There is no next hop.
   *
   * @param detail the reason in words
   */
  record Unresolved(Reason reason, String detail) implements Resolution {
    @Override
    public Optional<Hop> hop() {
      return Optional.empty();
    }
  }
}
