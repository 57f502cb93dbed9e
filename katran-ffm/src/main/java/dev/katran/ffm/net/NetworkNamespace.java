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

/**
 * A network namespace, with platform threads that live in it.
 *
 * <p>What runs in one of them ({@link #call}, {@link #run}, {@link #start}) sees the namespace's
 * interfaces, routes and ports. A socket belongs to the namespace of the thread that made it, for
 * ever, whatever thread uses it later. So one JVM can be several hosts.
 *
 * <p>A namespace that {@link #create} made has no name in the file system: it ends with its last
 * thread and socket, at the latest with the process, however that ends.
 *
 * <p>Instances are thread-safe.
 */
public final class NetworkNamespace implements AutoCloseable {

  private static final AtomicInteger CREATED = new AtomicInteger();
  private static final String OF_THIS_THREAD = "/proc/thread-self/ns/net";
  private static final Duration WORKERS_END = Duration.ofSeconds(1);
  private static final Path SYSCTLS = Path.of("/proc/sys");

  private final String name;
  private final ExecutorService worker;
  private final AtomicReference<Thread> workerThread = new AtomicReference<>();
  private final Set<Thread> started = ConcurrentHashMap.newKeySet();
  private final int fd;
  private boolean closed;

  private NetworkNamespace(String name, Callable<Integer> enter) {
    this.name = name;
    // Its one thread never ends before close(): what a task throws stays in the task.
    this.worker =
        Executors.newSingleThreadExecutor(task -> {
          Thread thread = new Inhabitant(name, task);
          workerThread.set(thread);
          return thread;
        });
    try {
      this.fd = callInWorker(enter);
    } catch (RuntimeException e) {
      worker.shutdown();
      throw e;
    } catch (Exception e) {
      worker.shutdown();
      throw new IllegalStateException("enter network namespace " + name, e);
    }
  }

  /**
   * A new, empty namespace: just a loopback interface, which is down.
   *
   * @throws NetworkException without CAP_SYS_ADMIN
   */
  public static NetworkNamespace create() {
    return create("netns-" + CREATED.incrementAndGet());
  }

  /**
   * The same with a name, for thread names and messages alone: several may have the same.
   *
   * @throws NetworkException without CAP_SYS_ADMIN
   */
  public static NetworkNamespace create(String name) {
    return new NetworkNamespace(
        name,
        () -> {
          Posix.unshare(LibC.CLONE_NEWNET(), "create network namespace " + name);
          return Posix.open(OF_THIS_THREAD, "open network namespace " + name);
        });
  }

  /**
   * The namespace the calling thread is in; for most threads, that of the process.
   *
   * @throws NetworkException without CAP_SYS_ADMIN
   */
  public static NetworkNamespace current() {
    int fd = Posix.open(OF_THIS_THREAD, "open the current network namespace");
    return entering("current", fd);
  }

  /**
   * A namespace that has a name in the file system, such as {@code /run/netns/blue} or {@code
   * /proc/4711/ns/net}.
   *
   * @throws NetworkException if there is none, or without CAP_SYS_ADMIN
   */
  public static NetworkNamespace ofPath(Path path) {
    return entering(path.toString(), Posix.open(path.toString(), "open network namespace " + path));
  }

  private static NetworkNamespace entering(String name, int fd) {
    try {
      return new NetworkNamespace(
          name,
          () -> {
            Posix.setns(fd, LibC.CLONE_NEWNET(), "enter network namespace " + name);
            return fd;
          });
    } catch (RuntimeException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** What it is called in messages and thread names. */
  public String name() {
    return name;
  }

  /**
   * Runs a task in the namespace's worker thread and waits for it. Tasks run one after another; a
   * thread that lives here already runs its task itself, at once.
   *
   * @return what the task returns
   * @throws Exception what the task throws, as it is; or {@link InterruptedException} if the
   *     calling thread is interrupted, and then so is the task
   * @throws IllegalStateException if the namespace is closed
   */
  public <T> T call(Callable<T> task) throws Exception {
    return livesHere(Thread.currentThread()) ? task.call() : callInWorker(task);
  }

  /**
   * The same for a task that returns nothing and throws nothing checked.
   *
   * @throws CancellationException if the calling thread is interrupted, and then so is the task
   * @throws IllegalStateException if the namespace is closed
   */
  public void run(Runnable task) {
    try {
      call(Executors.callable(task));
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException cancelled =
          new CancellationException("interrupted while waiting for network namespace " + name);
      cancelled.initCause(e);
      throw cancelled;
    } catch (Exception e) {
      throw new AssertionError("a Runnable cannot throw a checked exception", e);
    }
  }

  /**
   * Starts a daemon thread that lives in the namespace, for what takes long: a server, say. The
   * namespace stays until the thread ends, even if it is closed; closing interrupts the thread.
   *
   * @throws IllegalStateException if the namespace is closed
   */
  public Thread start(String threadName, Runnable task) {
    Inhabitant thread = new Inhabitant(threadName, task);
    started.add(thread);
    try {
      run(thread::start); // a thread is in the namespace of the one that starts it
    } catch (RuntimeException e) {
      started.remove(thread);
      throw e;
    }
    return thread;
  }

  /**
   * The value of a kernel parameter of this namespace.
   *
   * @param key as sysctl(8) writes it, such as {@code net.ipv4.ip_forward}
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
   * @param key as sysctl(8) writes it, such as {@code net.ipv4.ip_forward}; an interface with a dot
   *     in its name has a slash there
   * @throws UncheckedIOException if there is no such parameter, or it cannot be set so
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

  /** Only what is under {@code net} belongs to a network namespace; the rest is the machine's. */
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
      throw new IllegalArgumentException("sysctl " + key + ": not one of a network namespace");
    }
    return file;
  }

  /** Refers to the namespace as long as this is open. */
  int fd() {
    return fd;
  }

  /**
   * Ends the worker, interrupts the threads started here, and lets go of the namespace. It vanishes
   * when those threads have ended and the sockets made here are closed, unless others hold it too.
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
    if (!livesHere(Thread.currentThread())) {
      awaitWorker();
    }
    Posix.close(fd);
  }

  /** So that, when close() returns, nothing of ours is left; but never for ever. */
  private void awaitWorker() {
    try {
      workerThread.get().join(WORKERS_END);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean livesHere(Thread thread) {
    return thread instanceof Inhabitant inhabitant && inhabitant.home() == this;
  }

  private <T> T callInWorker(Callable<T> task) throws Exception {
    Future<T> future;
    try {
      future = worker.submit(task);
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
      future.cancel(true);
      throw e;
    }
  }

  @Override
  public String toString() {
    return "network namespace " + name;
  }

  /** A thread that lives in this namespace. */
  private final class Inhabitant extends Thread {

    Inhabitant(String threadName, Runnable task) {
      super(null, task, threadName, 0, false);
      setDaemon(true);
    }

    NetworkNamespace home() {
      return NetworkNamespace.this;
    }

    @Override
    public void run() {
      try {
        super.run();
      } finally {
        started.remove(this);
      }
    }
  }
}
