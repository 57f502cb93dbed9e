package dev.katran;

/**
 * Which flows of a {@link Vip} the balancer tracks in its flow table. More constants may be added:
 * a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum Tracking {
  /** None. Only the ring decides: a flow whose slot moves to another backend moves with it. */
  NONE,

  /**
   * As few as needed for open flows to stay at their backends when a ring changes. The default.
   *
   * <p>While nothing changes, only the ring decides and the flow table is not touched: it takes no
   * memory and no time, whatever arrives. A change puts the slots that got another backend into the
   * state <em>changing</em> for a {@linkplain Vip.Builder#changeWindow window}. New connections
   * (TCP with SYN) go to the new backend at once and are inserted into the flow table. All other
   * unknown flows are assumed to be older than the change: they stay at the previous backend and
   * are inserted as well. UDP does not tell new flows from open ones, so all unknown UDP flows
   * stay. After the window the slots are <em>settled</em>: known flows stay where they are, all
   * others follow the ring. A slot is <em>stable</em> again once all of its flows at other backends
   * have been silent for the VIP's {@linkplain Vip.Builder#idleTime idle time}.
   *
   * <p>A flood cannot evict the entry of a flow that has answered, nor break a handshake that takes
   * less than a second, see {@link Flows}. A flow that begins and finds no place in the table goes
   * to the previous backend. If flows find no place, the window is extended, up to three times: at
   * its end they would move.
   *
   * <p>Each slot has a state of its own, and changes may overlap. Flows of a backend that is
   * removed, rather than drained, move at once. Cf. "Load balancing with JET: Just Enough
   * Tracking", CoNEXT 2021, <a
   * href="https://doi.org/10.1145/3485983.3494851">doi:10.1145/3485983.3494851</a>.
   */
  ADAPTIVE,

  /**
   * All. A flow stays at its backend as long as its entry is in the flow table ({@link
   * Limits#flowTableSize}), whatever happens to the ring. UDP entries expire after 30 seconds
   * without a packet; a SYN replaces the entry of its flow.
   */
  ALWAYS
}
