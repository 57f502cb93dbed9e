package dev.katran.dataplane;

/**
 * What is fixed when a dataplane is opened.
 *
 * @param maxVips VIPs at most; seeds the hash
 * @param maxBackends backends at most, over all VIPs; they are numbered from 1
 * @param ringSize slots in a ring, a prime; seeds the hash
 * @param maxPacketSize of a frame for a VIP in bytes, Ethernet header included; longer ones drop,
 *     or are answered
 * @param answerTooBig whether who sends longer ones is told so
 * @param gue the outer headers of GUE
 */
public record DataplaneConfig(
    int maxVips,
    int maxBackends,
    int ringSize,
    int maxPacketSize,
    boolean answerTooBig,
    GueConfig gue) {

  /** The sizes, with everything off that can be. */
  public DataplaneConfig(int maxVips, int maxBackends, int ringSize, int maxPacketSize) {
    this(maxVips, maxBackends, ringSize, maxPacketSize, false, GueConfig.NONE);
  }

  /** The same with these outer headers of GUE. */
  public DataplaneConfig withGue(GueConfig gue) {
    return new DataplaneConfig(maxVips, maxBackends, ringSize, maxPacketSize, answerTooBig, gue);
  }

  /** The same with an answer to frames that are too big. */
  public DataplaneConfig withAnswerTooBig() {
    return new DataplaneConfig(maxVips, maxBackends, ringSize, maxPacketSize, true, gue);
  }
}
