package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.net.NetworkNamespace;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link PinnedBalancerProcess} and its commands. */
final class PinnedBalancer {

  private final Process process;
  private final BufferedReader output;
  private final BufferedWriter input;
  private final String[] ready;

  private PinnedBalancer(Process process, BufferedReader output, String ready) {
    this.process = process;
    this.output = output;
    this.input = process.outputWriter();
    this.ready = ready.split(" ");
  }

  /** Starts the process on the balancer's host and waits until its balancer is open. */
  static PinnedBalancer start(Testbed testbed, Path folder) throws Exception {
    return start(testbed.balancer().call(NetworkNamespace::current), folder);
  }

  /** Starts the process in a network namespace and waits until its balancer is open. */
  static PinnedBalancer start(NetworkNamespace namespace, Path folder) throws Exception {
    return start(namespace, List.of(), System.getProperty("java.class.path"), folder);
  }

  /**
   * Starts the process and waits until its balancer is open.
   *
   * @param prefix a command that runs the JVM, which is appended, and dies with it; may be empty
   */
  static PinnedBalancer start(
      NetworkNamespace namespace, List<String> prefix, String classPath, Path folder)
      throws Exception {
    return of(launch(namespace, prefix, classPath, folder));
  }

  /** Starts the process, whose balancer cannot be opened, and returns why. */
  static String refusal(NetworkNamespace namespace, Path folder) throws Exception {
    Process process = launch(namespace, List.of(), System.getProperty("java.class.path"), folder);
    String line = process.inputReader().readLine();
    process.destroyForcibly();
    assertThat(line).startsWith(PinnedBalancerProcess.REFUSED);
    return line;
  }

  /** Waits until a process's balancer is open. */
  static PinnedBalancer of(Process process) throws IOException {
    BufferedReader output = process.inputReader();
    String line = output.readLine();
    assertThat(line).startsWith(PinnedBalancerProcess.READY);
    return new PinnedBalancer(process, output, line);
  }

  /**
   * Starts the process on the balancer's host.
   *
   * @param classPath may hold another version of the library
   * @param flowTableSize none for the default
   */
  static Process process(Testbed testbed, String classPath, Path folder, String... flowTableSize)
      throws Exception {
    NetworkNamespace namespace = testbed.balancer().call(NetworkNamespace::current);
    return launch(namespace, List.of(), classPath, folder, flowTableSize);
  }

  private static Process launch(
      NetworkNamespace namespace,
      List<String> prefix,
      String classPath,
      Path folder,
      String... flowTableSize)
      throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    // it runs out of memory on purpose
    command.addAll(List.of("-XX:ErrorFile=/dev/null", "-XX:-CreateCoredumpOnCrash"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(classPath);
    command.add(PinnedBalancerProcess.class.getName());
    command.add(folder.toString());
    command.addAll(List.of(flowTableSize));
    return namespace.call(
        () -> new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** Returns the address of a VIP's service. */
  static InetSocketAddress target(String vip) {
    return new InetSocketAddress(InetAddress.ofLiteral(vip), Testbed.PORT);
  }

  /** Returns the id of the JVM's process. */
  long pid() {
    return Long.parseLong(ready[4]);
  }

  /** Returns how long it took to open the balancer, in milliseconds. */
  long millis() {
    return Long.parseLong(ready[3]);
  }

  boolean isAdopted() {
    return Boolean.parseBoolean(ready[1]);
  }

  int vips() {
    return Integer.parseInt(ready[2]);
  }

  String readLine() throws IOException {
    return output.readLine();
  }

  void send(String command, List<String> backends) throws IOException {
    input.write(command + " " + String.join(" ", backends) + "\n");
    input.flush();
  }

  void run(String command, List<String> backends) throws IOException {
    assertThat(attempt(command, backends)).isEqualTo(PinnedBalancerProcess.DONE);
  }

  /** Returns {@link PinnedBalancerProcess#DONE}, or how a command failed; null if it died. */
  @Nullable String attempt(String command, List<String> backends) throws IOException {
    send(command, backends);
    String line = output.readLine();
    while (line != null && !isAnswer(line)) {
      line = output.readLine(); // a warning of the JVM, or that the balancer was handed over
    }
    return line;
  }

  private static boolean isAnswer(String line) {
    return line.equals(PinnedBalancerProcess.DONE) || line.startsWith(PinnedBalancerProcess.FAILED);
  }

  /** Returns the answer to a command. */
  String ask(String command) throws IOException {
    send(command, List.of());
    String answer = output.readLine();
    assertThat(output.readLine()).isEqualTo(PinnedBalancerProcess.DONE);
    return answer;
  }

  void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  void kill() {
    ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
    process.onExit().join();
  }
}
