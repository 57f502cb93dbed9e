package dev.katran;

/** How a backend is reached: the same for all VIPs and tables that name it. */
record Reach(Encapsulation encapsulation, boolean local) {

  /** As in {@code IPIP} or {@code GUE, local}. */
  @Override
  public String toString() {
    return encapsulation + (local ? ", local" : "");
  }
}
