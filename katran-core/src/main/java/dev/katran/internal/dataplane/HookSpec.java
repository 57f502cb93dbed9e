package dev.katran.internal.dataplane;

import dev.katran.AttachMode;
import java.nio.file.Path;

/** How the packets of an interface are to reach the program. */
public sealed interface HookSpec {

  /**
   * The program is attached to the interface.
   *
   * @param mode the mode
   */
  record Interface(AttachMode mode) implements HookSpec {}

  /**
   * The program of others on the interface calls it by a tail call.
   *
   * @param pin where the array that it calls programs from is pinned
   * @param index the element, from 0
   */
  record CalledFrom(Path pin, int index) implements HookSpec {}

  /**
   * The dispatcher of libxdp's protocol on the interface calls it.
   *
   * @param priority programs with lower ones are called first
   */
  record Dispatched(int priority) implements HookSpec {}
}
