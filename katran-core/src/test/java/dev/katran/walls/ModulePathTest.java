package dev.katran.walls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.katran.LoadBalancer;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfMap;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compiles and runs an application on the module path. All other tests run on the class path, where
 * module descriptors have no effect.
 */
class ModulePathTest {

  private static final String MODULE =
      """
      module smoke {
        requires dev.katran;
      }
      """;

  /** Sends a TCP SYN to a VIP with one backend. */
  private static final String MAIN =
      """
      package smoke;

      import dev.katran.*;
      import java.util.HexFormat;

      public final class Main {
        public static void main(String[] args) {
          byte[] frame =
              HexFormat.of()
                  .parseHex(
                      "0200000000010200000000020800"
                          + "450000280001400040068c83c6336407cb00710a"
                          + "c00001bb0000000100000000500220000a0f0000");
          try (LoadBalancer lb =
              LoadBalancer.inMemory().nextHop(NextHop.via("02:00:00:00:00:03")).open()) {
            lb.put(Vip.tcp("203.0.113.10", 443).backends(Backend.of("10.0.0.11")).build());
            Flow flow = Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443);
            System.out.println(lb.route(flow).backend().orElseThrow().key());
            System.out.println(lb.simulate(frame).verdict());
            System.out.println(LoadBalancer.class.getModule());
          }
        }
      }
      """;

  @TempDir private Path folder;

  @Test
  void application_requiringDevKatran_runs() throws Exception {
    write("module-info.java", MODULE);
    write("smoke/Main.java", MAIN);
    assertThat(compile()).isEmpty();

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path=" + classes() + File.pathSeparator + modulePath(),
                "--add-modules=dev.katran",
                "--module=smoke/smoke.Main")
            .redirectError(folder.resolve("errors").toFile())
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    try {
      assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(folder.resolve("errors")).hasContent("");
    assertThat(process.exitValue()).isZero();
    assertThat(folder.resolve("output").toFile()).hasContent("10.0.0.11\nTX\nmodule dev.katran\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev.katran.internal.control.Control",
        "dev.katran.bpf.BpfPrograms",
        "dev.katran.ffm.BpfMap"
      })
  void application_importingAHiddenClass_doesNotCompile(String hidden) throws Exception {
    write("module-info.java", MODULE);
    write("smoke/Main.java", "package smoke;%nimport %s;%nclass Main {}%n".formatted(hidden));

    assertThat(compile()).contains("is not visible");
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve("source").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** Compiles what was written and returns the compiler's messages. */
  private String compile() throws IOException {
    List<String> options = List.of("--module-path", modulePath(), "-d", classes().toString());
    List<Path> files;
    try (Stream<Path> tree = Files.walk(folder.resolve("source"))) {
      files = tree.filter(Files::isRegularFile).toList();
    }
    var compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new StringWriter();
    try (var manager = compiler.getStandardFileManager(null, null, UTF_8)) {
      compiler
          .getTask(
              messages, manager, null, options, null, manager.getJavaFileObjectsFromPaths(files))
          .call();
    }
    return messages.toString();
  }

  private Path classes() {
    return folder.resolve("classes");
  }

  /** Returns this project's modules and the jars of the class path: only what is required loads. */
  private static String modulePath() {
    List<Path> entries = new ArrayList<>();
    Stream.of(LoadBalancer.class, BpfPrograms.class, BpfMap.class)
        .map(CodeSources::of)
        .forEach(entries::add);
    Splitter.on(File.pathSeparatorChar)
        .splitToStream(System.getProperty("java.class.path"))
        .filter(each -> each.endsWith(".jar"))
        .map(Path::of)
        .filter(each -> !entries.contains(each))
        .forEach(entries::add);
    return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }
}
