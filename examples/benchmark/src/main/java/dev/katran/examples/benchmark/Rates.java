package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.List;

/** The rates of one subject, measured in several turns. */
final class Rates {

  private final List<Double> perSecond = new ArrayList<>();
  private long done;
  private long failed;

  /**
   * Measures one turn.
   *
   * @param <T> the type of what is measured
   */
  interface Turn<T> {
    /** Runs a subject for a while and adds the result. */
    void run(T subject, Rates rates) throws Exception;
  }

  /**
   * Measures subjects in turns, so that disturbances on the machine affect all of them alike. One
   * more turn, the first, is a warm-up.
   *
   * @return the rates in the order of the subjects
   */
  static <T> List<Rates> inTurns(List<T> subjects, int turns, Turn<T> turn) throws Exception {
    List<Rates> rates = new ArrayList<>();
    for (T subject : subjects) {
      turn.run(subject, new Rates());
      rates.add(new Rates());
    }
    for (int i = 0; i < turns; i++) {
      for (int each = 0; each < subjects.size(); each++) {
        turn.run(subjects.get(each), rates.get(each));
      }
    }
    return rates;
  }

  /** Adds the counts of one turn. */
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
   * Adds these rates to a row, and their share of other rates. Shares are taken turn by turn, so
   * that a disturbance of both cancels out.
   */
  Row addTo(Row row, String unit, String share, Rates whole) {
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
