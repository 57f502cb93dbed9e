package dev.katran.examples.testcontainers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.TestInfo;
import org.testcontainers.containers.GenericContainer;

/** What the containers of a test have said, kept in files for who looks into a failure. */
record ContainerLogs(Path directory) {

  static ContainerLogs of(TestInfo test) {
    return new ContainerLogs(
        Path.of(
            System.getProperty("katran.logs"),
            test.getTestClass().orElseThrow().getSimpleName(),
            test.getTestMethod().orElseThrow().getName()));
  }

  /** Writes what the container has said up to now. */
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
