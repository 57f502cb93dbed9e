package dev.katran;

/** What a balancer remembers of the flows of a {@link Vip}. */
public enum Tracking {
  /**
   * Nothing: the ring alone decides, and a flow whose slot moves to another backend moves with it.
   */
  NONE,

  /**
   * Every flow, in a table of {@link Limits#flows} entries: a flow stays at its backend for as long
   * as its entry is there, whatever becomes of the ring. UDP flows are forgotten after 30 seconds
   * without a packet; a TCP flow is entered anew by its SYN.
   */
  ALWAYS
}
