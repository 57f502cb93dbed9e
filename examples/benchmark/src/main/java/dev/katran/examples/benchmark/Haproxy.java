package dev.katran.examples.benchmark;

import dev.katran.lab.Host;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** HAProxy, which terminates the client's connection and opens another to a backend. */
final class Haproxy implements AutoCloseable {

  static final String COMMAND = "haproxy";

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Path folder;
  private final Path log;
  private final Process process;

  private Haproxy(Path folder, String configuration) throws IOException {
    this.folder = folder;
    this.log = folder.resolve("log");
    Path file = Files.writeString(folder.resolve("haproxy.cfg"), configuration);
    // ends with this process, however that ends
    this.process =
        new ProcessBuilder("setpriv", "--pdeathsig", "KILL", COMMAND, "-db", "-f", "" + file)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
  }

  /** Starts HAProxy on a host and waits until it serves. */
  static Haproxy start(Host host, List<InetAddress> backends) throws Exception {
    InetSocketAddress own = new InetSocketAddress(host.ipv4(), FlowFrame.PORT);
    Path folder = Files.createTempDirectory("haproxy");
    Haproxy haproxy = host.call(() -> new Haproxy(folder, configuration(own, backends)));
    try {
      host.call(() -> haproxy.awaitServing(own));
      return haproxy;
    } catch (Exception | Error e) {
      haproxy.close();
      throw e;
    }
  }

  /**
   * Returns a configuration with one thread, and so at most one core. Connections are closed with a
   * reset, as the client does.
   */
  private static String configuration(InetSocketAddress own, List<InetAddress> backends) {
    StringBuilder configuration =
        new StringBuilder(
            """
            global
              nbthread 1
              maxconn 1000
            defaults
              mode tcp
              option nolinger
              timeout connect 5s
              timeout client 5s
              timeout server 5s
            listen benchmark
              balance roundrobin
            """);
    configuration.append("  bind ").append(text(own)).append('\n');
    for (InetAddress backend : backends) {
      String address = text(new InetSocketAddress(backend, own.getPort()));
      configuration.append("  server ").append(address).append(' ').append(address).append('\n');
    }
    return configuration.toString();
  }

  private static String text(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  private Haproxy awaitServing(InetSocketAddress own) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        Exchange.request(own);
        return this;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > deadline) {
          throw new IllegalStateException("HAProxy does not start: " + Files.readString(log), e);
        }
        Thread.sleep(10);
      }
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
    try {
      for (String file : List.of("haproxy.cfg", "log", "")) {
        Files.deleteIfExists(folder.resolve(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + folder, e);
    }
  }
}
