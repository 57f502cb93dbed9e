package dev.katran.examples.benchmark;

import dev.katran.Forwarding;
import java.util.Locale;

/** An encapsulation, as a command-line option. */
enum Tunnel {
  IPIP,
  GUE;

  Forwarding forwarding() {
    return switch (this) {
      case IPIP -> Forwarding.ipip();
      case GUE -> Forwarding.gue();
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
