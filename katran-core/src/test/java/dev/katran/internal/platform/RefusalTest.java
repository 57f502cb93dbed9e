package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.Errno;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusalTest {

  @TempDir Path cgroups;

  @Test
  void of_enfile_namesTheSystemsLimit() {
    BpfException refusal = new BpfException("create map ring", Errno.ENFILE);

    assertThat(Refusal.of(refusal))
        .returns(Failure.Kind.EXHAUSTED, Failure::kind)
        .hasCause(refusal)
        .hasMessage(
            "create map ring: ENFILE (Too many open files in system); the whole system has too many"
                + " open files; raise fs.file-max");
  }

  @Test
  void of_enomem_namesWhatToLower() {
    BpfException refusal = new BpfException("create map flows", Errno.ENOMEM);

    assertThat(Refusal.of("cannot open: " + refusal.getMessage(), refusal, "Limits.flowTableSize"))
        .returns(Failure.Kind.EXHAUSTED, Failure::kind)
        .hasMessageStartingWith("cannot open: create map flows: ENOMEM (Cannot allocate memory); ")
        .hasMessageEndingWith(", or lower Limits.flowTableSize");
  }

  @Test
  void of_otherErrno_keepsTheMessage() {
    BpfException refusal = new BpfException("create map flows", Errno.E2BIG);

    assertThat(Refusal.of(refusal))
        .returns(Failure.Kind.REFUSED, Failure::kind)
        .hasMessage(refusal.getMessage());
  }

  @Test
  void openFiles_namesTheLimit() {
    assertThat(Refusal.openFiles(1024))
        .startsWith("this process may have 1024 files open")
        .contains("ulimit -n");
  }

  @Test
  void memory_limitOfTheCgroup_isNamed() {
    assertThat(Refusal.memory(OptionalLong.of(157_286_400), ""))
        .endsWith("cgroup, which is 157,286,400 bytes; raise that limit");
    assertThat(Refusal.memory(OptionalLong.empty(), "Limits.vips"))
        .isEqualTo(
            "the machine has too little free memory for it; free some, or lower Limits.vips");
  }

  @Test
  void memoryLimit_nestedCgroups_isTheLowest() throws IOException {
    limit("pods", "200000");
    limit("pods/lb", "max");
    limit("pods/lb/main", "300000");

    assertThat(Refusal.memoryLimit(cgroups, "/pods/lb/main")).hasValue(200_000);
    assertThat(Refusal.memoryLimit(cgroups, "/pods/lb")).hasValue(200_000);
    assertThat(Refusal.memoryLimit(cgroups, "/")).isEmpty();
    assertThat(Refusal.memoryLimit(cgroups, "/elsewhere")).isEmpty();
  }

  /** In a container without a cgroup namespace, the path leads outside of what is mounted. */
  @Test
  void memoryLimit_pathOutside_isIgnored() throws IOException {
    limit("", "400000");

    assertThat(Refusal.memoryLimit(cgroups, "/../../system.slice/lb")).isEmpty();
  }

  private void limit(String cgroup, String limit) throws IOException {
    Path directory = Files.createDirectories(cgroups.resolve(cgroup));
    Files.writeString(directory.resolve("memory.max"), limit + "\n");
  }
}
