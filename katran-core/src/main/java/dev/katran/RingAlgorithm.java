package dev.katran;

/**
 * How the slots of a ring are given to its backends.
 *
 * <p>Both are the consistent hashing of section 3.4 of Eisenbud et al., <a
 * href="https://www.usenix.org/conference/nsdi16/technical-sessions/presentation/eisenbud">"Maglev:
 * A Fast and Reliable Software Network Load Balancer"</a>, NSDI 2016: each backend has its own
 * order of preference over all slots, and they take turns to claim the first one that is free. The
 * paper knows no weights; here the two part. Where all weights are equal to 1 both give the same
 * ring. A fleet of balancers must agree on the algorithm.
 */
public enum RingAlgorithm {
  /**
   * In the first round each backend claims as many slots as it weighs, in every later round one.
   *
   * <p>Weights thus act only as far as they are large beside the number of slots that each backend
   * gets anyway: three backends of weights 1, 2 and 3 get all but equal shares of 65537 slots. This
   * is the default, as in the C++ Katran. Take {@link #MAGLEV_V2} to have shares that follow small
   * weights.
   */
  MAGLEV,

  /**
   * In each round a backend earns its weight, and for the largest weight it claims one slot.
   *
   * <p>Shares are proportional to weights, to within a slot or so for each backend.
   */
  MAGLEV_V2
}
