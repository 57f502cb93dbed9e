package dev.katran.examples.replay.pcap;

/**
 * A captured frame and its timestamp.
 *
 * @param seconds since 1970
 * @param fraction of the second, in the capture's unit
 * @param bytes the recorded bytes; must not be modified
 * @param length the original length in bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record CapturedFrame(int seconds, int fraction, byte[] bytes, int length) {

  /** Returns whether only a part of the frame was recorded. */
  public boolean isTruncated() {
    return Integer.compareUnsigned(bytes.length, length) < 0;
  }

  /** Returns another frame with the same timestamp and the same number of missing bytes. */
  public CapturedFrame with(byte[] other) {
    return new CapturedFrame(
        seconds, fraction, other, other.length + Math.max(0, length - bytes.length));
  }
}
