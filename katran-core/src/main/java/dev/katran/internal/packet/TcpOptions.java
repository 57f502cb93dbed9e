package dev.katran.internal.packet;

/** Reads server ids from an option of TCP segments (RFC 9293); {@code tcp_option.h} in Java. */
public final class TcpOptions {

  private static final int DATA_OFFSET = 12;
  private static final int FIRST = 20;

  private static final int END = 0;
  private static final int NO_OPERATION = 1;
  private static final int SERVER_ID = 0xb7;
  private static final int SERVER_ID_LENGTH = 6;

  /** The maximum number of options read, with NOPs. The BPF verifier requires a bound. */
  private static final int MAX_OPTIONS = 15;

  private TcpOptions() {}

  /**
   * Returns the server id of the well-formed segment at {@code tcp}, unsigned, or 0 if it has none.
   */
  public static int serverId(Frame frame, int tcp) {
    int end = tcp + (frame.unsignedByte(tcp + DATA_OFFSET) >> 4) * 4;
    int option = tcp + FIRST;
    for (int i = 0; i < MAX_OPTIONS && option < end; i++) {
      int kind = frame.unsignedByte(option);
      if (kind == END) {
        return 0;
      }
      if (kind == NO_OPERATION) {
        option++;
        continue;
      }
      if (option + 1 >= end) {
        return 0;
      }
      int length = frame.unsignedByte(option + 1);
      if (option + length > end) {
        return 0;
      }
      if (kind == SERVER_ID && length == SERVER_ID_LENGTH) {
        return Integer.reverseBytes(frame.signedInt(option + 2));
      }
      // a length of 0 makes no progress; the bound ends the loop
      option += length;
    }
    return 0;
  }
}
