package dev.katran.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.ExposedPort;
import com.google.common.base.Splitter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.testcontainers.containers.GenericContainer;

/** A client of a container's HTTP interface, which answers with lines of a key and a value. */
record Control(GenericContainer<?> container) {

  static final int PORT = 9000;

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** Sends a request and returns the values by key. */
  Map<String, String> send(String method, String path) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://%s:%d%s".formatted(container.getHost(), port(), path)))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(TIMEOUT)
            .build();
    HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    Map<String, String> answers = new TreeMap<>();
    response
        .body()
        .lines()
        .map(Splitter.on(' ').limit(2)::splitToList)
        .forEach(line -> answers.put(line.getFirst(), line.getLast()));
    return answers;
  }

  /** Returns the published port, which changes when a container is restarted. */
  private int port() {
    return Integer.parseInt(
        container
            .getCurrentContainerInfo()
            .getNetworkSettings()
            .getPorts()
            .getBindings()
            .get(ExposedPort.tcp(PORT))[0]
            .getHostPortSpec());
  }
}
