package dev.katran.dataplane;

/** Finds the server id in the options of a TCP segment (RFC 9293). */
final class TcpOptions {

  private static final int DATA_OFFSET = 12;
  private static final int FIRST = 20;

  private static final int END = 0;
  private static final int NO_OPERATION = 1;
  private static final int SERVER_ID = 0xb7;
  private static final int SERVER_ID_LENGTH = 6;

  /** How many options are looked at, NOPs included: the kernel wants loops to end. */
  private static final int MOST = 15;

  private TcpOptions() {}

  /** The server id of the segment at {@code tcp}, an unsigned number; 0: none. */
  static int serverId(Frame frame, int tcp) {
    int end = tcp + (frame.unsignedByte(tcp + DATA_OFFSET) >> 4) * 4;
    int option = tcp + FIRST;
    for (int i = 0; i < MOST && option < end; i++) {
      if (frame.length() <= option) {
        return 0;
      }
      int kind = frame.unsignedByte(option);
      if (kind == END) {
        return 0;
      }
      if (kind == NO_OPERATION) {
        option++;
        continue;
      }
      if (frame.length() <= option + 1) {
        return 0;
      }
      int length = frame.unsignedByte(option + 1);
      if (option + length > end) {
        return 0;
      }
      if (kind == SERVER_ID && length == SERVER_ID_LENGTH) {
        return frame.length() < option + length
            ? 0
            : Integer.reverseBytes(frame.signedInt(option + 2));
      }
      // a length of 0 leads nowhere, until the options that are looked at are used up
      option += length;
    }
    return 0;
  }
}
