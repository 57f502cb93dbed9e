package dev.katran;

/**
 * A listener's subscription to a balancer's events, see {@link LoadBalancer#subscribe}.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Subscription extends AutoCloseable {

  /** Ends it. No event is delivered after the one in progress. Does nothing if it has ended. */
  @Override
  void close();
}
