package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.List;

/** What one of several gets done in a second, measured again and again. */
final class Rates {

  private final List<Double> perSecond = new ArrayList<>();
  private long done;
  private long failed;

  /**
   * One of those that are compared.
   *
   * @param <T> what it is
   */
  interface Turn<T> {
    /** Works for a while, and adds what came of it. */
    void run(T lane, Rates rates) throws Exception;
  }

  /**
   * Measures each of them so many times, in turns, so that what the machine does meanwhile meets
   * all of them alike. A turn more, the first one, is for warming up.
   *
   * @return their rates, in their order
   */
  static <T> List<Rates> inTurns(List<T> lanes, int turns, Turn<T> turn) throws Exception {
    List<Rates> rates = new ArrayList<>();
    for (T lane : lanes) {
      turn.run(lane, new Rates());
      rates.add(new Rates());
    }
    for (int i = 0; i < turns; i++) {
      for (int lane = 0; lane < lanes.size(); lane++) {
        turn.run(lanes.get(lane), rates.get(lane));
      }
    }
    return rates;
  }

  /** Adds what was done, and what was not, in so many seconds. */
  void add(long done, long failed, double seconds) {
    perSecond.add(done / seconds);
    this.done += done;
    this.failed += failed;
  }

  long done() {
    return done;
  }

  long failed() {
    return failed;
  }

  /**
   * The row with these rates, and how large they are in comparison with others: turn by turn, so
   * that what slows down a turn of both does not count.
   */
  Row in(Row row, String unit, String share, Rates whole) {
    Samples rates = new Samples();
    Samples shares = new Samples();
    for (int turn = 0; turn < perSecond.size(); turn++) {
      rates.add(perSecond.get(turn));
      shares.add(perSecond.get(turn) / whole.perSecond.get(turn));
    }
    return row.with("p50", Math.round(rates.percentile(50)))
        .with("best", Math.round(rates.percentile(100)))
        .with("unit", unit)
        .with(share, shares.percentile(50));
  }
}
