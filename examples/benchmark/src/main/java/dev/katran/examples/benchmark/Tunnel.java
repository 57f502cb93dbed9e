package dev.katran.examples.benchmark;

import dev.katran.Forwarding;
import java.util.Locale;

/** How backends are reached, as a command-line option. */
enum Tunnel {
  IPIP,
  GUE,
  REWRITE,
  DIRECT;

  Forwarding forwarding() {
    return switch (this) {
      case IPIP -> Forwarding.ipip();
      case GUE -> Forwarding.gue();
      case REWRITE -> Forwarding.rewrite();
      case DIRECT -> Forwarding.direct();
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
