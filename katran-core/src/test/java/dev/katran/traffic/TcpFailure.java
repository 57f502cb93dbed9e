package dev.katran.traffic;

/**
 * A connection that failed.
 *
 * @param what the client, the connection and the exception
 * @param from when it began, in the time of {@link System#nanoTime}
 * @param until when it failed
 * @param server the server that has answered, or {@link #UNKNOWN}
 */
record TcpFailure(String what, long from, long until, int server) {

  static final int UNKNOWN = -1;
}
