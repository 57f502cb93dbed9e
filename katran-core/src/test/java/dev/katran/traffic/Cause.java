package dev.katran.traffic;

/** Why traffic of {@link ChaosIT} was lost or a flow moved, where no balancer could help. */
enum Cause {
  INTERFACE_DOWN("an interface on the way was down", Ends.BEGINNING, false),
  INTERFACE_DELETED("the balancer's interface did not exist", Ends.BEGINNING, false),
  MAC_CHANGED(
      "frames went to the MAC address before, until all knew the new one", Ends.NONE, false),
  BACKEND_DEAD("a backend was dead, and the balancer was told to remove it", Ends.ALL, true),
  NO_ROOM("a connection began in a change while the flow table had no room", Ends.ALL, false);

  /** The connections that end: a client gives up at once if there is no route, but not later. */
  private enum Ends {
    NONE,
    BEGINNING,
    ALL
  }

  private final String text;
  private final Ends ends;
  private final boolean movesFlows;

  Cause(String text, Ends ends, boolean movesFlows) {
    this.text = text;
    this.ends = ends;
    this.movesFlows = movesFlows;
  }

  /** Returns whether a connection may fail. Otherwise its retransmissions must help it. */
  boolean mayEnd(boolean isEstablished) {
    return ends == Ends.ALL || (ends == Ends.BEGINNING && !isEstablished);
  }

  /** Returns whether flows may go to another backend. */
  boolean movesFlows() {
    return movesFlows;
  }

  @Override
  public String toString() {
    return text;
  }
}
