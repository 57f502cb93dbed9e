package dev.katran.examples.benchmark;

import dev.katran.Encapsulation;
import java.util.Locale;

/** How packets are encapsulated. */
enum Wrapping {
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
