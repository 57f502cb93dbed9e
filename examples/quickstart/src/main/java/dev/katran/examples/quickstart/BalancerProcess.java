package dev.katran.examples.quickstart;

import com.google.common.base.Splitter;
import dev.katran.lab.Host;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A {@link PinnedBalancer} in a JVM of its own, on the balancer's host. */
final class BalancerProcess implements AutoCloseable {

  private final Process process;
  private final BufferedReader out;
  private final Writer in;
  private final boolean adopted;
  private final long millis;

  private BalancerProcess(Process process) throws IOException {
    this.process = process;
    this.out = process.inputReader();
    this.in = process.outputWriter();
    List<String> ready = Splitter.on(' ').splitToList(answer());
    this.adopted = Boolean.parseBoolean(ready.get(1));
    this.millis = Long.parseLong(ready.get(2));
  }

  /** Starts the process and waits until its balancer is open. */
  static BalancerProcess start(Host host, BpfFileSystem files, List<String> backends)
      throws Exception {
    List<String> command = new ArrayList<>(files.enter());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classPath()));
    command.add(PinnedBalancer.class.getName());
    command.add(BpfFileSystem.PATH.resolve("katran").toString());
    command.addAll(backends);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    return new BalancerProcess(host.call(builder::start)); // a process inherits the namespace
  }

  /** Returns the class path with absolute paths, since nsenter changes the working directory. */
  private static String classPath() {
    return Splitter.on(File.pathSeparatorChar)
        .splitToStream(System.getProperty("java.class.path"))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  long pid() {
    return process.pid();
  }

  /** Returns whether the balancer continues that of an earlier process. */
  boolean adopted() {
    return adopted;
  }

  /** Returns how long it took to open the balancer and to apply its VIPs. */
  long millis() {
    return millis;
  }

  /** Returns how many packets the VIPs have got, whichever process ran then. */
  long packets() throws IOException {
    in.write("\n");
    in.flush();
    return Long.parseLong(answer());
  }

  private String answer() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IOException("the balancer's process ended");
    }
    return line;
  }

  /** Sends SIGKILL, of which the process learns nothing. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** Has the process uninstall the balancer and end. */
  @Override
  public void close() throws IOException {
    in.close();
    process.onExit().join();
  }
}
