package dev.katran.examples.replay.pcap;

/**
 * A frame, and when it was captured.
 *
 * @param seconds since 1970
 * @param fraction of the second, in the capture's unit
 * @param bytes as many of the frame as were recorded; not to be changed
 * @param length how many it had
 */
@SuppressWarnings("ArrayRecordComponent") // is handed on, never compared
public record CapturedFrame(int seconds, int fraction, byte[] bytes, int length) {

  /** Whether there are bytes that were not recorded. */
  public boolean isCutShort() {
    return Integer.compareUnsigned(bytes.length, length) < 0;
  }

  /** Another frame at the same time, which lacks as many bytes as this one. */
  public CapturedFrame with(byte[] other) {
    return new CapturedFrame(
        seconds, fraction, other, other.length + Math.max(0, length - bytes.length));
  }
}
