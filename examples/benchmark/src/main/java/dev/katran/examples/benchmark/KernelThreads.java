package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Threads of the kernel's own. */
final class KernelThreads {

  private KernelThreads() {}

  /** Keeps all threads whose names begin so on one core; returns how many there are. */
  static int pin(String prefix, int core) throws IOException, InterruptedException {
    int pinned = 0;
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (name(process).startsWith(prefix)) {
          Cores.pin(Long.parseLong(process.getFileName().toString()), core);
          pinned++;
        }
      }
    }
    return pinned;
  }

  private static String name(Path process) throws IOException {
    try {
      return Files.readString(process.resolve("comm"));
    } catch (NoSuchFileException e) {
      return ""; // it has ended
    } catch (IOException e) {
      if (!Files.exists(process)) {
        return "";
      }
      throw e;
    }
  }
}
