package dev.katran.examples.testcontainers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.TestInfo;
import org.testcontainers.containers.GenericContainer;

/** Saves the logs of a test's containers to files, for the analysis of failures. */
record ContainerLogs(Path directory) {

  static ContainerLogs of(TestInfo test) {
    return new ContainerLogs(
        Path.of(
            System.getProperty("katran.logs"),
            test.getTestClass().orElseThrow().getSimpleName(),
            test.getTestMethod().orElseThrow().getName()));
  }

  /** Saves what a container has logged so far. */
  void keep(String name, GenericContainer<?> container) {
    if (container.getContainerId() == null) {
      return; // it was never created
    }
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(name + ".log"), container.getLogs());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
