package dev.katran;

/**
 * How the slots of a ring are assigned to backends.
 *
 * <p>Both algorithms are the consistent hashing of section 3.4 of Eisenbud et al., <a
 * href="https://www.usenix.org/conference/nsdi16/technical-sessions/presentation/eisenbud">"Maglev:
 * A Fast and Reliable Software Network Load Balancer"</a>, NSDI 2016: each backend has its own
 * permutation of all slots, and backends take turns to claim the first free slot of theirs. The
 * paper has no weights; the algorithms differ in how they add them. With equal weights of 1 both
 * build the same ring. All balancers of a fleet must use the same algorithm.
 *
 * <p>More constants may be added: a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum RingAlgorithm {
  /**
   * In the first round each backend claims as many slots as its weight, in each later round one.
   *
   * <p>Small weights therefore have almost no effect: backends of weights 1, 2 and 3 get nearly
   * equal shares of 65537 slots. For fleets that include C++ Katran nodes, which use this algorithm
   * by default.
   */
  MAGLEV,

  /**
   * In each round a backend earns credit equal to its weight, and pays the largest weight for a
   * slot. The default.
   *
   * <p>Shares are proportional to weights, to within about a slot per backend.
   */
  MAGLEV_V2
}
