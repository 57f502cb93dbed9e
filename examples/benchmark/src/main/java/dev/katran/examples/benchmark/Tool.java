package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The result of running a program of the system.
 *
 * @param succeeded whether it exited with 0
 * @param output its standard output and error
 */
record Tool(boolean succeeded, String output) {

  /** Runs a program in the network namespace of the calling thread. */
  static Tool run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Tool(process.waitFor() == 0, output.strip());
  }

  /** Throws an exception with the output if the program failed. */
  void require() {
    if (!succeeded) {
      throw new IllegalStateException(output);
    }
  }

  /** Returns whether a program is installed. */
  static boolean exists(String name) {
    return Arrays.stream("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
  }
}
