package dev.katran.examples.quickstart;

import com.google.common.net.InetAddresses;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Sends HTTP requests from the client's host over several concurrent connections. */
final class Client {

  private static final int THREADS = 8;
  private static final int TIMEOUT_MILLIS = 5000;
  private static final Duration PAUSE = Duration.ofMillis(10);

  private final Host host;

  Client(Host host) {
    this.host = host;
  }

  /** Sends a number of requests to a VIP and tallies the backends that answered. */
  void get(Vip vip, int requests, Tally tally) throws Exception {
    URL url = url(vip);
    AtomicInteger left = new AtomicInteger(requests);
    tally.showUntilDone(
        start(() -> {
          while (left.getAndDecrement() > 0) {
            get(url, tally);
          }
        }));
  }

  /**
   * Sends requests to VIPs in turn until {@code done} is true, and tallies them. Returns the
   * threads that do so.
   */
  List<Thread> startUntil(AtomicBoolean done, List<Vip> vips, Tally tally) throws Exception {
    List<URL> urls = new ArrayList<>();
    for (Vip vip : vips) {
      urls.add(url(vip));
    }
    return start(() -> {
      for (int i = 0; !done.get(); i++) {
        get(urls.get(i % urls.size()), tally);
        LockSupport.parkNanos(PAUSE.toNanos()); // so that source ports suffice
      }
    });
  }

  private List<Thread> start(Runnable task) {
    return IntStream.range(0, THREADS).mapToObj(i -> host.start("client-" + i, task)).toList();
  }

  private static URL url(Vip vip) throws MalformedURLException {
    String authority = InetAddresses.toUriString(vip.address()) + ":" + vip.port();
    return URI.create("http://" + authority + "/").toURL();
  }

  private static void get(URL url, Tally tally) {
    try {
      HttpURLConnection connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(TIMEOUT_MILLIS);
      connection.setReadTimeout(TIMEOUT_MILLIS);
      try (InputStream in = connection.getInputStream()) {
        tally.answeredBy(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } finally {
        connection.disconnect();
      }
    } catch (IOException | RuntimeException e) {
      tally.failed(url + ": " + e);
    }
  }
}
