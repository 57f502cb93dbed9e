package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.internal.BundledLibraries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the behaviour without an installed libbpf. A child process in its own mount namespace hides
 * the system's library behind an empty file.
 */
@KernelTest
class SystemWithoutLibbpfTest {

  private static final String HIDE_AND_RUN =
      "while [ \"$1\" != -- ]; do mount -o bind /dev/null \"$1\" || exit; shift; done; shift;"
          + " exec \"$@\"";

  @TempDir Path bundle;
  @TempDir Path temporary;

  private Path folder;

  @BeforeEach
  void load() throws IOException {
    LibbpfLibrary.ensureLoaded();
    folder =
        bundle
            .resolve("META-INF/katran/natives")
            .resolve(BundledLibraries.forThisMachine().platform());
  }

  /** Returns the file of a library that is mapped into this process. */
  private static Path mapped(String library) throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines
          .map(line -> line.substring(line.indexOf('/') + 1))
          .filter(path -> path.matches(".*/lib" + library + "[.-][^/]*"))
          .map(path -> Path.of("/" + path))
          .findFirst()
          .orElseThrow();
    }
  }

  private void bundle() throws Exception {
    Files.createDirectories(folder);
    StringBuilder list = new StringBuilder();
    for (String library : List.of("elf", "bpf")) {
      byte[] bytes = Files.readAllBytes(mapped(library));
      String name = "lib" + library + ".so.1";
      Files.write(folder.resolve(name), bytes);
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(bytes);
      list.append(HexFormat.of().formatHex(sum)).append("  ").append(name).append('\n');
    }
    Files.writeString(folder.resolve("SHA256SUMS"), list);
  }

  private String run() throws Exception {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("unshare", "--mount", "sh", "-c", HIDE_AND_RUN, "sh"));
    command.addAll(List.of(mapped("elf").toString(), mapped("bpf").toString(), "--"));
    command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.add("-Djava.io.tmpdir=" + temporary);
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(
        System.getProperty("java.class.path") + System.getProperty("path.separator") + bundle);
    command.add(LoadedLibbpf.class.getName());
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(temporary).isEmptyDirectory();
    return output;
  }

  @Test
  void load_bundledLibrary_works() throws Exception {
    bundle();

    assertThat(run()).isEqualTo(LibbpfLibrary.version());
  }

  @Test
  void load_nothingBundled_namesThePackages() throws Exception {
    assertThat(run())
        .startsWith("LibbpfMissingException: libbpf.so.1 was not found; install libbpf: ")
        .endsWith("classifier natives-" + BundledLibraries.forThisMachine().platform());
  }

  @Test
  void load_modifiedLibrary_throws() throws Exception {
    bundle();
    byte[] bytes = Files.readAllBytes(folder.resolve("libbpf.so.1"));
    bytes[bytes.length - 1] ^= 1;
    Files.write(folder.resolve("libbpf.so.1"), bytes);

    assertThat(run())
        .startsWith(
            "LibbpfBrokenException: libbpf is not installed, and the bundled libraries failed: ")
        .contains("libbpf.so.1 for ", " has the SHA-256 checksum ");
  }
}
