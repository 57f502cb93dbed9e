package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A network namespace with platform threads that run in it.
 *
 * <p>Tasks in these threads ({@link #call}, {@link #run}, {@link #start}) see the namespace's
 * interfaces, routes and ports. A socket belongs permanently to the namespace of the thread that
 * created it, even if another thread uses it later. One JVM can therefore act as several hosts.
 *
 * <p>A namespace from {@link #create} is not bound to a file. The kernel deletes it with its last
 * thread and socket, at the latest when the process ends.
 *
 * <p>Instances are thread-safe.
 *
 * @since 0.1.0
 */
public final class NetworkNamespace implements AutoCloseable {

  private static final AtomicInteger CREATED = new AtomicInteger();
  private static final int NOT_OPEN = -1;
  private static final String OF_THIS_THREAD = "/proc/thread-self/ns/net";
  private static final Duration WORKER_SHUTDOWN = Duration.ofSeconds(1);
  private static final Path SYSCTLS = Path.of("/proc/sys");

  private final String name;
  private final ExecutorService worker;
  private final AtomicReference<Thread> workerThread = new AtomicReference<>();
  private final Set<Thread> started = ConcurrentHashMap.newKeySet();
  private final int fd;
  private boolean closed;

  /**
   * Starts the worker in the namespace.
   *
   * @param opened the descriptor of the namespace, closed here on failure; {@code NOT_OPEN} if
   *     {@code enter} opens it
   * @param enter enters the namespace and returns its descriptor
   */
  private NetworkNamespace(String name, int opened, Callable<Integer> enter) {
    this.name = name;
    // The thread does not end before close(): the future catches what a task throws.
    this.worker =
        Executors.newSingleThreadExecutor(task -> {
          Thread thread = new NamespaceThread(name, task);
          workerThread.set(thread);
          return thread;
        });
    AtomicInteger descriptor = new AtomicInteger(opened);
    try {
      this.fd =
          callInWorker(() -> {
            descriptor.set(enter.call());
            return descriptor.get();
          });
    } catch (Throwable t) {
      // By the worker, which may still be using it: an interrupt ends only the wait for it.
      worker.execute(() -> closeIfOpen(descriptor.get()));
      worker.shutdown();
      throw failure(t);
    }
  }

  private RuntimeException failure(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException e -> e;
      case Error e -> throw e;
      case InterruptedException e -> cancelled(e);
      default -> new IllegalStateException("enter network namespace " + name, thrown);
    };
  }

  private static void closeIfOpen(int descriptor) {
    if (descriptor != NOT_OPEN) {
      Syscalls.close(descriptor);
    }
  }

  /**
   * Creates a namespace that contains only a loopback interface, which is down.
   *
   * @throws NetworkException if CAP_SYS_ADMIN is missing
   */
  public static NetworkNamespace create() {
    return create("netns-" + CREATED.incrementAndGet());
  }

  /**
   * Creates a namespace that contains only a loopback interface, which is down.
   *
   * @param name the name in thread names and messages, not necessarily unique
   * @throws NetworkException if CAP_SYS_ADMIN is missing
   */
  public static NetworkNamespace create(String name) {
    return new NetworkNamespace(
        name,
        NOT_OPEN,
        () -> {
          Syscalls.unshare(LibC.CLONE_NEWNET(), "create network namespace " + name);
          return Syscalls.open(OF_THIS_THREAD, "open network namespace " + name);
        });
  }

  /**
   * Opens the calling thread's namespace, which for most threads is that of the process.
   *
   * @throws NetworkException if CAP_SYS_ADMIN is missing
   */
  public static NetworkNamespace current() {
    int fd = Syscalls.open(OF_THIS_THREAD, "open the current network namespace");
    return entering("current", fd);
  }

  /**
   * Opens the namespace at a path, such as {@code /run/netns/blue} or {@code /proc/4711/ns/net}.
   *
   * @throws NetworkException if there is none or CAP_SYS_ADMIN is missing
   */
  public static NetworkNamespace ofPath(Path path) {
    return entering(
        path.toString(), Syscalls.open(path.toString(), "open network namespace " + path));
  }

  private static NetworkNamespace entering(String name, int fd) {
    return new NetworkNamespace(
        name,
        fd,
        () -> {
          Syscalls.setns(fd, LibC.CLONE_NEWNET(), "enter network namespace " + name);
          return fd;
        });
  }

  /** Returns the name in messages and thread names. */
  public String name() {
    return name;
  }

  /**
   * Runs a task in the namespace's worker thread and waits for its result. Tasks run one at a time.
   * A thread of this namespace runs its task directly.
   *
   * <p>If the caller is interrupted and the task succeeds all the same, an {@link AutoCloseable}
   * result is closed in the worker thread, because the caller does not get it.
   *
   * @return the result of the task
   * @throws Exception the exception of the task; or {@link InterruptedException} if the calling
   *     thread is interrupted, which interrupts the task as well
   * @throws IllegalStateException if the namespace is closed
   */
  public <T> T call(Callable<T> task) throws Exception {
    return isInside(Thread.currentThread()) ? task.call() : callInWorker(task);
  }

  /**
   * Runs a task in the namespace's worker thread and waits for it, see {@link #call}.
   *
   * @throws CancellationException if the calling thread is interrupted, which interrupts the task
   *     as well
   * @throws IllegalStateException if the namespace is closed
   */
  public void run(Runnable task) {
    try {
      call(Executors.callable(task));
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      throw cancelled(e);
    } catch (Exception e) {
      throw new AssertionError("a Runnable cannot throw a checked exception", e);
    }
  }

  private CancellationException cancelled(InterruptedException interrupt) {
    Thread.currentThread().interrupt();
    CancellationException cancelled =
        new CancellationException("interrupted while waiting for network namespace " + name);
    cancelled.initCause(interrupt);
    return cancelled;
  }

  /**
   * Starts a daemon thread in the namespace, for long-running tasks such as servers. The kernel
   * keeps the namespace until the thread ends; {@link #close} interrupts the thread.
   *
   * @throws IllegalStateException if the namespace is closed
   */
  public Thread start(String threadName, Runnable task) {
    NamespaceThread thread = new NamespaceThread(threadName, task);
    started.add(thread);
    try {
      run(thread::start); // a new thread inherits the namespace of the thread that starts it
    } catch (RuntimeException | Error e) {
      thread.abandon();
      throw e;
    }
    return thread;
  }

  /**
   * Returns the value of a kernel parameter of this namespace.
   *
   * @param key the name as for sysctl(8), such as {@code net.ipv4.ip_forward}
   * @throws UncheckedIOException if there is no such parameter
   */
  public String sysctl(String key) {
    Path file = sysctlFile(key);
    String[] value = new String[1];
    run(() -> {
      try {
        value[0] = Files.readString(file).strip();
      } catch (IOException e) {
        throw new UncheckedIOException("read sysctl " + key + " of " + this, e);
      }
    });
    return value[0];
  }

  /**
   * Sets a kernel parameter of this namespace.
   *
   * @param key the name as for sysctl(8), such as {@code net.ipv4.ip_forward}; a dot in an
   *     interface name is written as a slash
   * @throws UncheckedIOException if there is no such parameter or it rejects the value
   */
  public void sysctl(String key, String value) {
    Path file = sysctlFile(key);
    run(() -> {
      try {
        Files.writeString(file, value);
      } catch (IOException e) {
        throw new UncheckedIOException("set sysctl " + key + "=" + value + " of " + this, e);
      }
    });
  }

  /** Resolves a key; only parameters under {@code net} belong to a network namespace. */
  private static Path sysctlFile(String key) {
    StringBuilder path = new StringBuilder(key);
    for (int i = 0; i < key.length(); i++) {
      switch (key.charAt(i)) {
        case '.' -> path.setCharAt(i, '/');
        case '/' -> path.setCharAt(i, '.');
        default -> {}
      }
    }
    Path file = SYSCTLS.resolve(path.toString()).normalize();
    if (!file.startsWith(SYSCTLS.resolve("net"))) {
      throw new IllegalArgumentException(
          "sysctl " + key + ": not a parameter of a network namespace (net.*)");
    }
    return file;
  }

  /** Returns the file descriptor of the namespace, which is open until {@link #close}. */
  int fd() {
    return fd;
  }

  /**
   * Stops the worker, interrupts the threads started here, and closes the namespace. The kernel
   * deletes it when those threads have ended and its sockets are closed, unless other processes use
   * it.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    worker.shutdownNow();
    started.forEach(Thread::interrupt);
    if (!isInside(Thread.currentThread())) {
      awaitWorker();
    }
    Syscalls.close(fd);
  }

  /** Waits for the worker to end, with a timeout in case its task ignores the interrupt. */
  private void awaitWorker() {
    try {
      workerThread.get().join(WORKER_SHUTDOWN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isInside(Thread thread) {
    return thread instanceof NamespaceThread inside && inside.home() == this;
  }

  private <T> T callInWorker(Callable<T> task) throws Exception {
    Call<T> call = new Call<>(task);
    Future<T> future;
    try {
      future = worker.submit(call);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException("network namespace " + name + " is closed", e);
    }
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception exception) {
        throw exception;
      }
      throw (Error) e.getCause();
    } catch (InterruptedException e) {
      call.abandon();
      future.cancel(true);
      throw e;
    }
  }

  @Override
  public String toString() {
    return "network namespace " + name;
  }

  /** A task whose caller may stop waiting. */
  private static final class Call<T> implements Callable<T> {

    private final Callable<T> task;
    private @Nullable T result;
    private boolean abandoned;

    Call(Callable<T> task) {
      this.task = task;
    }

    @Override
    public T call() throws Exception {
      T got = task.call();
      synchronized (this) {
        result = got;
        if (!abandoned) {
          return got;
        }
      }
      close(got);
      return got;
    }

    /** Closes the result, unless the task throws, as soon as there is one. */
    void abandon() throws Exception {
      T got;
      synchronized (this) {
        abandoned = true;
        got = result;
      }
      close(got);
    }

    private static void close(@Nullable Object result) throws Exception {
      if (result instanceof AutoCloseable closeable) {
        closeable.close();
      }
    }
  }

  /** A thread in this namespace. */
  private final class NamespaceThread extends Thread {

    private volatile boolean abandoned;

    NamespaceThread(String threadName, Runnable task) {
      super(null, task, threadName, 0, false);
      setDaemon(true);
    }

    NetworkNamespace home() {
      return NetworkNamespace.this;
    }

    /** Makes the thread end, or do nothing if it is started later. */
    void abandon() {
      abandoned = true;
      interrupt();
      started.remove(this);
    }

    @Override
    public void run() {
      try {
        if (!abandoned) {
          super.run();
        }
      } finally {
        started.remove(this);
      }
    }
  }
}
