package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.KernelTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@KernelTest
class NetworkNamespaceTest {

  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  @Test
  void call_runsInTheNamespaceOnly() throws Exception {
    String outside = currentNamespaceId();
    try (NetworkNamespace namespace = NetworkNamespace.create("blue");
        NetworkNamespace other = NetworkNamespace.create()) {
      String inside = namespace.call(NetworkNamespaceTest::currentNamespaceId);

      assertThat(inside).isNotEqualTo(outside);
      assertThat(other.call(NetworkNamespaceTest::currentNamespaceId)).isNotIn(inside, outside);
      assertThat(namespace.call(NetworkNamespaceTest::currentNamespaceId)).isEqualTo(inside);
      assertThat(currentNamespaceId()).isEqualTo(outside);
      assertThat(namespace.call(() -> Thread.currentThread().getName())).isEqualTo("blue");
    }
  }

  @Test
  void socket_usedOutside_staysInItsNamespace() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create();
        Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.setUp(netlink.link("lo").index());
      try (ServerSocket server = namespace.call(() -> new ServerSocket(0, 1, LOOPBACK));
          Socket client = namespace.call(() -> new Socket(LOOPBACK, server.getLocalPort()));
          Socket accepted = server.accept()) {
        client.getOutputStream().write(7);
        assertThat(accepted.getInputStream().read()).isEqualTo(7);
        assertThatThrownBy(() -> new Socket(LOOPBACK, server.getLocalPort()).close())
            .hasMessageContaining("refused");
      }
    }
  }

  @Test
  void start_runsInTheNamespace() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      String[] seen = new String[2];
      Thread thread =
          namespace.start(
              "server",
              () -> {
                seen[0] = currentNamespaceId();
                namespace.run(() -> seen[1] = Thread.currentThread().getName());
              });
      thread.join();

      assertThat(thread.getName()).isEqualTo("server");
      assertThat(thread.isDaemon()).isTrue();
      assertThat(seen[0]).isEqualTo(namespace.call(NetworkNamespaceTest::currentNamespaceId));
      assertThat(seen[1]).isEqualTo("server");
    }
  }

  @Test
  void run_fromVirtualThread_runsInTheNamespace() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      String inside = namespace.call(NetworkNamespaceTest::currentNamespaceId);
      String[] seen = new String[1];
      Thread.startVirtualThread(
              () -> namespace.run(() -> seen[0] = NetworkNamespaceTest.currentNamespaceId()))
          .join();

      assertThat(seen[0]).isEqualTo(inside);
    }
  }

  @Test
  void call_taskThrows_rethrowsTheSameException() {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      IOException checked = new IOException("cable");
      AssertionError error = new AssertionError("wrong");

      assertThatThrownBy(() ->
              namespace.call(() -> {
                throw checked;
              }))
          .isSameAs(checked);
      assertThatThrownBy(() ->
              namespace.run(() -> {
                throw error;
              }))
          .isSameAs(error);
    }
  }

  @Test
  void run_callerInterrupted_interruptsTheTask() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch interrupted = new CountDownLatch(1);
      Throwable[] thrown = new Throwable[1];
      Thread caller =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  namespace.run(() -> {
                    running.countDown();
                    try {
                      Thread.sleep(60_000);
                    } catch (InterruptedException e) {
                      interrupted.countDown();
                    }
                  });
                } catch (CancellationException e) {
                  thrown[0] = e;
                }
              });
      running.await();
      caller.interrupt();
      caller.join();
      interrupted.await();

      assertThat(thrown[0]).isInstanceOf(CancellationException.class);
      assertThat(namespace.call(() -> Thread.currentThread().isInterrupted())).isFalse();
    }
  }

  @Test
  void current_andByPath_openTheSameNamespace() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create();
        NetworkNamespace current = namespace.call(NetworkNamespace::current);
        NetworkNamespace ours = NetworkNamespace.current();
        NetworkNamespace byPath = NetworkNamespace.ofPath(Path.of("/proc/self/ns/net"))) {
      assertThat(current.call(NetworkNamespaceTest::currentNamespaceId))
          .isEqualTo(namespace.call(NetworkNamespaceTest::currentNamespaceId));
      assertThat(ours.call(NetworkNamespaceTest::currentNamespaceId))
          .isEqualTo(currentNamespaceId());
      assertThat(byPath.call(NetworkNamespaceTest::currentNamespaceId))
          .isEqualTo(currentNamespaceId());
    }
  }

  @Test
  void ofPath_notANamespace_throws() {
    assertThatThrownBy(() -> NetworkNamespace.ofPath(Path.of("/run/netns/no-such")))
        .isInstanceOf(NetworkException.class)
        .hasMessage(
            "open network namespace /run/netns/no-such: ENOENT (No such file or directory)");
    assertThatThrownBy(() -> NetworkNamespace.ofPath(Path.of("/proc/self/ns/uts")))
        .isInstanceOf(NetworkException.class)
        .hasMessage("enter network namespace /proc/self/ns/uts: EINVAL (Invalid argument)");
  }

  @Test
  void sysctl_set_changesThisNamespaceOnly() {
    try (NetworkNamespace namespace = NetworkNamespace.create();
        NetworkNamespace other = NetworkNamespace.create()) {
      for (String value : new String[] {"1", "0", "1"}) {
        namespace.sysctl("net.ipv4.ip_forward", value);
        other.sysctl("net.ipv4.ip_forward", "0");

        assertThat(namespace.sysctl("net.ipv4.ip_forward")).isEqualTo(value);
      }
      assertThatThrownBy(() -> namespace.sysctl("net.ipv4.no_such", "1"))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageStartingWith("set sysctl net.ipv4.no_such=1 of network namespace netns-");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel.panic", "net.//.kernel.panic", "network.x"})
  void sysctl_notUnderNet_throws(String key) {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> namespace.sysctl(key, "1"))
          .withMessage("sysctl " + key + ": not a parameter of a network namespace (net.*)");
    }
  }

  @Test
  void close_leaksNoThreadOrFileDescriptor() throws Exception {
    NetworkNamespace.create().close(); // loads the classes, which opens files
    long descriptors = openDescriptors();
    for (int i = 0; i < 3; i++) {
      NetworkNamespace namespace = NetworkNamespace.create("left-behind");
      Thread server = namespace.start("left-behind", NetworkNamespaceTest::sleep);
      namespace.close();
      namespace.close();

      server.join();
      assertThatIllegalStateException()
          .isThrownBy(() -> namespace.run(() -> {}))
          .withMessage("network namespace left-behind is closed");
    }

    assertThat(openDescriptors()).isEqualTo(descriptors);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .doesNotContain("left-behind");
  }

  @Test
  void create_interrupted_leaksNoThreadOrFileDescriptor() throws Exception {
    NetworkNamespace.create().close();
    long descriptors = openDescriptors();
    for (int i = 0; i < 100; i++) {
      closeUnlessCancelled(() -> NetworkNamespace.create("interrupted"));
      closeUnlessCancelled(NetworkNamespace::current);
    }
    awaitEndOf("interrupted");
    awaitEndOf("current");

    assertThat(openDescriptors()).isEqualTo(descriptors);
  }

  /** The worker may be done before the caller starts to wait. */
  private static void closeUnlessCancelled(Supplier<NetworkNamespace> open) {
    Thread.currentThread().interrupt();
    try {
      open.get().close();
    } catch (CancellationException e) {
      // the usual outcome
    }
    assertThat(Thread.interrupted()).isTrue();
  }

  private static void awaitEndOf(String threadName) throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals(threadName)) {
        assertThat(thread.join(Duration.ofSeconds(10))).as("%s has ended", thread).isTrue();
      }
    }
  }

  @Test
  void call_interruptedButTheTaskSucceeds_closesItsResult() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch closed = new CountDownLatch(1);
      AutoCloseable result = closed::countDown;
      Thread caller =
          Thread.ofPlatform()
              .start(() ->
                  assertThatThrownBy(() ->
                          namespace.call(() -> {
                            running.countDown();
                            ignoreInterrupt();
                            return result;
                          }))
                      .isInstanceOf(InterruptedException.class));
      running.await();
      caller.interrupt();

      assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void ignoreInterrupt() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      // as a task does that has passed its last wait
    }
  }

  @Test
  void start_interrupted_runsNoThread() throws Exception {
    try (NetworkNamespace namespace = NetworkNamespace.create()) {
      for (int i = 0; i < 20; i++) {
        Thread.currentThread().interrupt();
        try {
          namespace.start("late", NetworkNamespaceTest::sleep).interrupt();
        } catch (CancellationException e) {
          // the usual outcome
        }
        assertThat(Thread.interrupted()).isTrue();
      }
      namespace.run(() -> {});
      awaitEndOf("late");
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      // closing the namespace interrupts this thread
    }
  }

  private static long openDescriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static String currentNamespaceId() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
