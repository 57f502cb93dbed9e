package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Encapsulation;

/**
 * The way to reach a backend. It must be the same in all VIPs and tables that name the backend.
 *
 * @param encapsulation the outer headers
 * @param local whether the backend is this machine
 */
record Delivery(Encapsulation encapsulation, boolean local) {

  static Delivery of(Backend backend) {
    return new Delivery(backend.encapsulation(), backend.local());
  }

  /** Returns text such as {@code IPIP} or {@code GUE, local}. */
  @Override
  public String toString() {
    return encapsulation + (local ? ", local" : "");
  }
}
