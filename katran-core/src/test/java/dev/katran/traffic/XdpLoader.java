package dev.katran.traffic;

import dev.katran.bpf.BpfPrograms;
import dev.katran.lab.Host;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program {@code xdp-loader} of xdp-tools, run on a host's interface. */
final class XdpLoader {

  private final Host host;
  private final Path pass;

  XdpLoader(Host host) throws IOException {
    this.host = host;
    this.pass = Files.createTempFile("pass", ".o");
    Files.write(pass, BpfPrograms.pass());
  }

  /** Returns whether it is installed. */
  static boolean isInstalled() {
    return Files.isExecutable(Path.of("/usr/sbin/xdp-loader"));
  }

  /** Loads a program that passes all packets. Returns whether that succeeded. */
  boolean loadPass(int priority) throws Exception {
    return run(
                "load",
                "-P",
                Integer.toString(priority),
                Host.INTERFACE,
                pass.toString(),
                "-n",
                "pass")
            .exitCode()
        == 0;
  }

  boolean unload(int program) throws Exception {
    return run("unload", Host.INTERFACE, "-i", Integer.toString(program)).exitCode() == 0;
  }

  /** Unloads all programs, if there are any. */
  void unloadAll() throws Exception {
    run("unload", Host.INTERFACE, "-a");
  }

  /** Returns the ids of the programs with a name. */
  List<Integer> programs(String name) throws Exception {
    Matcher line =
        Pattern.compile("=> +\\d+ +" + name + " +(\\d+) ").matcher(run("status").output());
    List<Integer> ids = new ArrayList<>();
    while (line.find()) {
      ids.add(Integer.parseInt(line.group(1)));
    }
    return ids;
  }

  /** Returns the id of the dispatcher. */
  OptionalInt dispatcher() throws Exception {
    Matcher line = Pattern.compile("xdp_dispatcher +\\w+ +(\\d+) ").matcher(run("status").output());
    return line.find() ? OptionalInt.of(Integer.parseInt(line.group(1))) : OptionalInt.empty();
  }

  /** Returns the names of the programs in the order in which they are called. */
  List<String> order() throws Exception {
    Matcher line = Pattern.compile("=> +\\d+ +(\\w+) ").matcher(run("status").output());
    List<String> names = new ArrayList<>();
    while (line.find()) {
      names.add(line.group(1));
    }
    return names;
  }

  private record Result(int exitCode, String output) {}

  private Result run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("/usr/sbin/xdp-loader"));
    command.addAll(List.of(arguments));
    Process process =
        host.call(() -> new ProcessBuilder(command).redirectErrorStream(true).start());
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), output);
  }

  /** Unloads all programs and deletes temporary files. */
  void end() throws Exception {
    unloadAll();
    Files.delete(pass);
  }
}
