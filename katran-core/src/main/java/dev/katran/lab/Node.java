package dev.katran.lab;

import dev.katran.ffm.net.NetworkNamespace;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;

/**
 * A node of a {@link Lab}: a host or the router, in its own network namespace.
 *
 * <p>Code runs on a node through {@link #call}, {@link #run} and {@link #start}. It then uses the
 * node's interfaces, routes and ports. A socket belongs permanently to the node on which it was
 * created, even if another thread uses it later.
 *
 * <p>Instances are thread-safe.
 *
 * @since 0.1.0
 */
public abstract sealed class Node permits Host, Router {

  private final String name;
  private final NetworkNamespace namespace;

  Node(String name, NetworkNamespace namespace) {
    this.name = name;
    this.namespace = namespace;
  }

  /** Returns the name, which is unique in the lab. */
  public final String name() {
    return name;
  }

  /**
   * Runs a task on this node and waits for its result. Tasks run one at a time. A task of this node
   * that calls this method runs the new task directly.
   *
   * @return the result of the task
   * @throws Exception the exception of the task; or {@link InterruptedException} if the calling
   *     thread is interrupted, which interrupts the task as well
   * @throws IllegalStateException if the lab is closed
   */
  public final <T> T call(Callable<T> task) throws Exception {
    return namespace.call(task);
  }

  /**
   * Runs a task on this node and waits for it, see {@link #call}.
   *
   * @throws CancellationException if the calling thread is interrupted, which interrupts the task
   *     as well
   * @throws IllegalStateException if the lab is closed
   */
  public final void run(Runnable task) {
    namespace.run(task);
  }

  /**
   * Starts a daemon thread on this node, for long-running tasks such as servers. Closing the lab
   * interrupts it.
   *
   * @throws IllegalStateException if the lab is closed
   */
  public final Thread start(String threadName, Runnable task) {
    return namespace.start(threadName, task);
  }

  /**
   * Sets a kernel parameter of this node.
   *
   * @param key the name as for sysctl(8), such as {@code net.ipv4.ip_local_port_range}; only
   *     parameters under {@code net} can be set. A dot in an interface name is written as a slash
   * @throws IllegalArgumentException if the parameter is not under {@code net}
   * @throws UncheckedIOException if there is no such parameter or it rejects the value
   * @throws IllegalStateException if the lab is closed
   */
  public final void sysctl(String key, String value) {
    namespace.sysctl(key, value);
  }

  final NetworkNamespace namespace() {
    return namespace;
  }
}
