package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A program of the system's that was run.
 *
 * @param succeeded whether it returned 0
 * @param output what it said
 */
record Tool(boolean succeeded, String output) {

  /** Runs a program, in the network namespace of the calling thread. */
  static Tool run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Tool(process.waitFor() == 0, output.strip());
  }

  /** Makes sure that it was successful. */
  void require() {
    if (!succeeded) {
      throw new IllegalStateException(output);
    }
  }

  /** Whether a program is installed. */
  static boolean exists(String name) {
    return Arrays.stream("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
