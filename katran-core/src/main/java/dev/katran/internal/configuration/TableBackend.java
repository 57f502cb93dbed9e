package dev.katran.internal.configuration;

import dev.katran.Backend;
import dev.katran.Forwarding;
import java.util.function.Supplier;

/** A backend as the entry of a table, which belongs to no VIP. */
public final class TableBackend {

  private TableBackend() {}

  /**
   * Returns a backend for a table: how its VIP reaches it, if it comes from one, is its own.
   *
   * @param user returns the entry, for the message: there may be millions of entries
   * @throws IllegalArgumentException if it has a port of its own, but packets keep theirs
   */
  public static Backend of(Supplier<String> user, Backend backend) {
    if (backend.port() != 0) {
      checkPort(user.get(), backend);
    }
    return backend.hasOwnForwarding() || backend.forwarding().equals(Forwarding.ipip())
        ? backend
        : backend.via(backend.forwarding());
  }

  /**
   * Refuses a port of a backend that gets packets as they came.
   *
   * @param user what the backend belongs to, for the message
   */
  public static void checkPort(Object user, Backend backend) {
    if (backend.port() != 0 && !backend.forwarding().equals(Forwarding.rewrite())) {
      throw new IllegalArgumentException(
          "%s: backend %s has a port of its own, which needs REWRITE, but is via %s"
              .formatted(user, backend.key(), backend.forwarding()));
    }
  }
}
