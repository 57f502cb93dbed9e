package dev.katran;

/** What a balancer remembers of the flows of a {@link Vip}. */
public enum Tracking {
  /**
   * Nothing: the ring alone decides, and a flow whose slot moves to another backend moves with it.
   */
  NONE,

  /**
   * No more than it takes for open flows to stay where they are when a ring changes; the default.
   *
   * <p>While nothing changes the ring alone decides, and the flow table is not touched: it takes no
   * memory and costs no time, whatever is sent. After a change the slots that it gave to another
   * backend are <em>changing</em> for a {@linkplain LoadBalancerBuilder#changeWindow while}. New
   * connections (TCP with SYN) go to the new backend at once and are entered in the flow table;
   * what is not known otherwise is taken for an open flow, stays at the previous backend, and is
   * entered as well. Over UDP, where nothing tells a new flow from an open one, all unknown flows
   * stay. Afterwards the slots are <em>settled</em>: known flows stay where they are, all others go
   * where the ring says. A slot is <em>stable</em> again once no flow of it is elsewhere that has
   * had a packet within the VIP's {@linkplain Vip.Builder#idleTime idle time}.
   *
   * <p>Each slot is for itself, and a further change may come at any time. The flows of a backend
   * that is removed, rather than drained, go elsewhere at once. Cf. "Load balancing with JET: Just
   * Enough Tracking" (CoNEXT 2021).
   */
  ADAPTIVE,

  /**
   * Every flow, in a table of {@link Limits#flows} entries: a flow stays at its backend for as long
   * as its entry is there, whatever becomes of the ring. UDP flows are forgotten after 30 seconds
   * without a packet; a TCP flow is entered anew by its SYN.
   */
  ALWAYS
}
