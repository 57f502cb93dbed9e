package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds and pins kernel threads. */
final class KernelThreads {

  private KernelThreads() {}

  /**
   * Pins all threads whose names have a prefix to one core, with the highest priority.
   *
   * @return how many there are
   */
  static int prefer(String prefix, int core) throws IOException, InterruptedException {
    List<Path> threads = named(prefix);
    for (Path thread : threads) {
      String number = thread.getFileName().toString();
      Cores.pin(Long.parseLong(number), core);
      Tool.run("renice", "-n", "-20", "-p", number).require();
    }
    return threads.size();
  }

  /** Returns the total run time in nanoseconds of all threads whose names have a prefix. */
  static long runTime(String prefix) throws IOException {
    long sum = 0;
    for (Path thread : named(prefix)) {
      String times = Files.readString(thread.resolve("schedstat"));
      sum += Long.parseLong(times.substring(0, times.indexOf(' ')));
    }
    return sum;
  }

  private static List<Path> named(String prefix) throws IOException {
    List<Path> threads = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        if (name(process).startsWith(prefix)) {
          threads.add(process);
        }
      }
    }
    return threads;
  }

  private static String name(Path process) throws IOException {
    try {
      return Files.readString(process.resolve("comm"));
    } catch (NoSuchFileException e) {
      return ""; // the thread has ended
    } catch (IOException e) {
      if (!Files.exists(process)) {
        return "";
      }
      throw e;
    }
  }
}
