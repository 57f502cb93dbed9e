package dev.katran.traffic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** When traffic may be lost, why, and what was. Everything else that was lost is a bug. */
final class Causes {

  /** The server of a cause that concerns all. */
  static final int ANY = -1;

  /**
   * What lasted longer, on a slow machine, ends connections whose retransmissions have become rare,
   * and flows count as idle.
   */
  private static final Duration LONG = Duration.ofSeconds(10);

  /** Returns whether something lasted so long that it ends connections and flows. */
  static boolean isLong(long from, long until) {
    return until - from > LONG.toNanos();
  }

  private record Window(Cause cause, int server, long from, long until) {

    boolean explains(TcpFailure failure) {
      boolean mayEnd = cause.mayEnd(failure.server() != TcpFailure.UNKNOWN) || isLong(from, until);
      return mayEnd
          && failure.from() - until <= 0
          && from - failure.until() <= 0
          && (server == ANY
              || failure.server() == server
              || failure.server() == TcpFailure.UNKNOWN);
    }
  }

  private static final class Row {
    int times;
    int connections;
    int datagrams;
    int moves;
    long longest;
  }

  private final List<Window> windows = new ArrayList<>();
  private final Map<Cause, Row> rows = new EnumMap<>(Cause.class);

  /** Records when something was lost for a cause. */
  void happened(Cause cause, int server, long from, long until) {
    windows.add(new Window(cause, server, from, until));
    row(cause).times++;
    row(cause).longest = Math.max(row(cause).longest, until - from);
  }

  /** Returns the failures that no cause explains, and counts the others. */
  List<TcpFailure> unexplained(List<TcpFailure> failures) {
    return failures.stream().filter(failure -> !explain(failure)).toList();
  }

  private boolean explain(TcpFailure failure) {
    for (Window window : windows) {
      if (window.explains(failure)) {
        row(window.cause).connections++;
        return true;
      }
    }
    return false;
  }

  /** Counts datagrams that were lost for a cause. */
  void lost(Cause cause, int datagrams) {
    row(cause).datagrams += datagrams;
  }

  /** Counts flows that moved for a cause. */
  void moved(Cause cause, int flows) {
    row(cause).moves += flows;
  }

  private Row row(Cause cause) {
    return rows.computeIfAbsent(cause, any -> new Row());
  }

  @Override
  public String toString() {
    return rows.entrySet().stream()
        .map(each -> {
          Row row = each.getValue();
          return "%-75s %5d %11d %9d %5d %7d ms%n"
              .formatted(
                  each.getKey(),
                  row.times,
                  row.connections,
                  row.datagrams,
                  row.moves,
                  Duration.ofNanos(row.longest).toMillis());
        })
        .collect(
            Collectors.joining(
                "",
                "%-75s %5s %11s %9s %5s %10s%n"
                    .formatted("cause", "times", "connections", "datagrams", "moves", "longest"),
                ""));
  }
}
