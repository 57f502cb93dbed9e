package dev.katran;

/** Who has tasks done once a second. */
@FunctionalInterface
interface Schedule {

  /** Each task on a thread of its own. */
  Schedule THREADS = EverySecond::start;

  /**
   * Has a task done once a second from now on.
   *
   * @param what its name, for logs, as in {@code "next hops"}
   */
  Repeated everySecond(String what, Runnable task);

  /** A task that is done again and again. */
  interface Repeated extends AutoCloseable {

    /** Has it done no more. Returns when it is not under way. */
    @Override
    void close();
  }
}
