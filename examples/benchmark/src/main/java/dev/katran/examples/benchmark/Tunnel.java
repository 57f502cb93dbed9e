package dev.katran.examples.benchmark;

import dev.katran.Encapsulation;
import java.util.Locale;

/** An encapsulation, as a command-line option. */
enum Tunnel {
  IPIP,
  GUE;

  Encapsulation encapsulation() {
    return switch (this) {
      case IPIP -> Encapsulation.ipip();
      case GUE -> Encapsulation.gue();
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
