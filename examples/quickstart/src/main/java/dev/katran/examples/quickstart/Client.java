package dev.katran.examples.quickstart;

import com.google.common.net.InetAddresses;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends HTTP requests from the client's host over several concurrent connections. */
final class Client {

  private static final int THREADS = 8;
  private static final int TIMEOUT_MILLIS = 5000;

  private final Host host;

  Client(Host host) {
    this.host = host;
  }

  /** Sends a number of requests to a VIP and tallies the backends that answered. */
  void get(Vip vip, int requests, Tally tally) throws Exception {
    String authority = InetAddresses.toUriString(vip.address()) + ":" + vip.port();
    URL url = URI.create("http://" + authority + "/").toURL();
    AtomicInteger left = new AtomicInteger(requests);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      threads.add(
          host.start(
              "client-" + i,
              () -> {
                while (left.getAndDecrement() > 0) {
                  get(url, tally);
                }
              }));
    }
    tally.showUntilDone(threads);
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
