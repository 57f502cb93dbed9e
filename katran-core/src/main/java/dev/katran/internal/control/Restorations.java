package dev.katran.internal.control;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.katran.Protocol;
import dev.katran.Restoration;
import dev.katran.internal.dataplane.RestorationProgram;
import dev.katran.internal.failure.Failure;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The restorations of a source restorer. A change is all or nothing, and each packet has the old
 * VIP or the new one. Thread-safe.
 */
public final class Restorations implements AutoCloseable {

  private final RestorationProgram program;
  private final Function<Failure, RuntimeException> exceptions;
  private ImmutableMap<Source, Restoration> installed;
  private boolean closed;

  /** What a server sends from. */
  private record Source(InetAddress address, int port, Protocol protocol) {

    static Source of(Restoration restoration) {
      return new Source(restoration.address(), restoration.port(), restoration.vip().protocol());
    }
  }

  /**
   * Takes over a program.
   *
   * @param installed what it was opened with
   * @param exceptions converts a failure to a public exception
   */
  public Restorations(
      RestorationProgram program,
      ImmutableSet<Restoration> installed,
      Function<Failure, RuntimeException> exceptions) {
    this.program = program;
    this.installed = bySource(installed);
    this.exceptions = exceptions;
  }

  /**
   * Returns restorations without repetitions.
   *
   * @throws IllegalArgumentException if two have the same address, port and protocol
   */
  public static ImmutableSet<Restoration> distinct(Collection<Restoration> restorations) {
    return ImmutableSet.copyOf(bySource(restorations).values());
  }

  private static ImmutableMap<Source, Restoration> bySource(Collection<Restoration> restorations) {
    Map<Source, Restoration> bySource = new LinkedHashMap<>();
    restorations.forEach(each -> add(bySource, each));
    return ImmutableMap.copyOf(bySource);
  }

  /** The way back must be a function: nothing in an answer tells which VIP its request was for. */
  private static void add(Map<Source, Restoration> bySource, Restoration added) {
    Restoration other = bySource.putIfAbsent(Source.of(added), added);
    if (other != null && !other.equals(added)) {
      throw new IllegalArgumentException(
          "%s, so it cannot answer as %s; give each VIP an address or a port of its own"
              .formatted(other, added.vip()));
    }
  }

  /** Returns what is installed, in the order in which it was. */
  public synchronized ImmutableSet<Restoration> entries() {
    return ImmutableSet.copyOf(installed.values());
  }

  /**
   * Adds a restoration, if it is not there yet.
   *
   * @return whether it was added
   * @throws IllegalArgumentException if its address, port and protocol answer as another VIP
   */
  public synchronized boolean put(Restoration added) {
    Map<Source, Restoration> next = new LinkedHashMap<>(installed);
    add(next, added);
    return change(next);
  }

  /**
   * Removes a restoration.
   *
   * @return whether it was there
   */
  public synchronized boolean remove(Restoration removed) {
    Map<Source, Restoration> next = new LinkedHashMap<>(installed);
    next.remove(Source.of(removed), removed);
    return change(next);
  }

  /**
   * Installs these restorations and removes all others.
   *
   * @return whether anything changed
   * @throws IllegalArgumentException if two have the same address, port and protocol
   */
  public synchronized boolean apply(Collection<Restoration> wanted) {
    return change(bySource(wanted));
  }

  private boolean change(Map<Source, Restoration> next) {
    if (closed) {
      throw new IllegalStateException("the source restorer is closed");
    }
    if (next.equals(installed)) {
      return false;
    }
    Deque<Runnable> undo = new ArrayDeque<>();
    try {
      checkCapacity(next.size());
      next.forEach((source, restoration) -> install(restoration, installed.get(source), undo));
      installed.forEach((source, restoration) -> {
        if (!next.containsKey(source)) {
          program.remove(restoration);
          undo.push(() -> program.install(restoration));
        }
      });
    } catch (Failure e) {
      undo(undo, e);
      throw exceptions.apply(e);
    } catch (RuntimeException | Error e) {
      undo(undo, e);
      throw e;
    }
    installed = ImmutableMap.copyOf(next);
    return true;
  }

  private void checkCapacity(int size) {
    if (size > program.capacity()) {
      throw new Failure(
          Failure.Kind.LIMIT,
          "%,d restorations are more than the %,d that fit".formatted(size, program.capacity()));
    }
  }

  private void install(Restoration wanted, @Nullable Restoration present, Deque<Runnable> undo) {
    if (!wanted.equals(present)) {
      program.install(wanted);
      undo.push(present == null ? () -> program.remove(wanted) : () -> program.install(present));
    }
  }

  /** Takes each step back, as far as the kernel lets it. */
  private static void undo(Deque<Runnable> steps, Throwable cause) {
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        cause.addSuppressed(e);
      }
    }
  }

  /** Closes the program. Does nothing the second time. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      program.close();
    }
  }
}
