package dev.katran.ffm.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.internal.BundledLibraries.BrokenException;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BundledLibrariesTest {

  private static final String PLATFORM = "linux-pdp11";

  /** The checksum of the three bytes {@code elf}. */
  private static final String SHA256 =
      "780d84b20d7ae7e6292919399348bdbf96025270136198083fc8a4da398b5ca9";

  @TempDir Path resources;
  @TempDir Path temporary;

  private URLClassLoader loader;
  private BundledLibraries libraries;

  @BeforeEach
  void create() throws IOException {
    loader = new URLClassLoader(new URL[] {resources.toUri().toURL()}, null);
    libraries = new BundledLibraries(loader, PLATFORM, temporary);
  }

  @AfterEach
  void close() throws IOException {
    loader.close();
    assertThat(temporary).isEmptyDirectory();
  }

  private void bundle(String platform, String list) throws IOException {
    write(platform, BundledLibraries.LIST, list);
  }

  private void write(String platform, String name, String content) throws IOException {
    Path folder = resources.resolve(BundledLibraries.ROOT).resolve(platform);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(name), content);
  }

  @ParameterizedTest
  @CsvSource({"amd64, linux-x86_64", "aarch64, linux-aarch64"})
  void platform_usesCommonMachineNames(String machine, String platform) {
    assertThat(BundledLibraries.platform("Linux", machine)).isEqualTo(platform);
  }

  @Test
  void load_nothingBundled_returnsFalse() throws IOException {
    assertThat(libraries.load()).isFalse();
    assertThat(libraries.otherPlatform()).isEmpty();
  }

  @Test
  void load_otherPlatform_returnsFalseAndNamesIt() throws IOException {
    bundle("linux-aarch64", "nonsense\n");

    assertThat(libraries.load()).isFalse();
    assertThat(libraries.otherPlatform()).contains("linux-aarch64");
  }

  @Test
  void load_wrongChecksum_throws() throws IOException {
    bundle(PLATFORM, "0".repeat(64) + "  libx.so.1\n");
    write(PLATFORM, "libx.so.1", "elf");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessage(
            "libx.so.1 for linux-pdp11 has the SHA-256 checksum "
                + SHA256
                + " instead of "
                + "0".repeat(64)
                + "; download the artifact again");
  }

  @Test
  void load_missingLibrary_throws() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessage("libx.so.1 is listed for linux-pdp11 but missing; download the artifact again");
  }

  @Test
  void load_unloadableLibrary_throws() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");
    write(PLATFORM, "libx.so.1", "elf");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageStartingWith("cannot load libx.so.1 for linux-pdp11 (")
        .hasMessageContaining("noexec");
  }

  @Test
  void load_pathInList_throws() throws IOException {
    bundle(PLATFORM, SHA256 + "  ../libx.so.1\n");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageContaining("has the malformed line \"" + SHA256 + "  ../libx.so.1\"");
  }

  @Test
  void load_missingTemporaryFolder_throws() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");
    BundledLibraries elsewhere =
        new BundledLibraries(loader, PLATFORM, temporary.resolve("nowhere"));

    assertThatThrownBy(elsewhere::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageContaining(temporary.resolve("nowhere").toString())
        .hasMessageContaining("-Djava.io.tmpdir");
  }
}
