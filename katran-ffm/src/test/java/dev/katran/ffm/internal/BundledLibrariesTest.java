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

class BundledLibrariesTest {

  private static final String PLATFORM = "linux-pdp11";

  /** Of the three bytes of {@code elf}. */
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
  void nothingStays() throws IOException {
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

  @Test
  void platformsAreNamedAsOthersNameThem() {
    assertThat(BundledLibraries.platform("Linux", "amd64")).isEqualTo("linux-x86_64");
    assertThat(BundledLibraries.platform("Linux", "aarch64")).isEqualTo("linux-aarch64");
  }

  @Test
  void whereThereAreNoneNoneAreLoaded() throws IOException {
    assertThat(libraries.load()).isFalse();
    assertThat(libraries.otherPlatform()).isEmpty();
  }

  @Test
  void thoseOfAnotherMachineAreNotLoadedButNamed() throws IOException {
    bundle("linux-aarch64", "nonsense\n");

    assertThat(libraries.load()).isFalse();
    assertThat(libraries.otherPlatform()).contains("linux-aarch64");
  }

  @Test
  void aLibraryThatIsNotWhatTheListSaysIsNotLoaded() throws IOException {
    bundle(PLATFORM, "0".repeat(64) + "  libx.so.1\n");
    write(PLATFORM, "libx.so.1", "elf");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessage(
            "libx.so.1 for linux-pdp11 has the SHA-256 checksum "
                + SHA256
                + ", and "
                + "0".repeat(64)
                + " is listed; get the artifact anew");
  }

  @Test
  void aLibraryThatIsListedAndNotThereIsNamed() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessage("libx.so.1 is listed for linux-pdp11, and is not there; get the artifact anew");
  }

  @Test
  void aLibraryThatTheLinkerRefusesIsNamed() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");
    write(PLATFORM, "libx.so.1", "elf");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageStartingWith("libx.so.1 for linux-pdp11 cannot be loaded (")
        .hasMessageContaining("noexec");
  }

  @Test
  void aListLeadsOutOfNoFolder() throws IOException {
    bundle(PLATFORM, SHA256 + "  ../libx.so.1\n");

    assertThatThrownBy(libraries::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageContaining("has the line \"" + SHA256 + "  ../libx.so.1\"");
  }

  @Test
  void aFolderThatIsNotThereIsNamed() throws IOException {
    bundle(PLATFORM, SHA256 + "  libx.so.1\n");
    BundledLibraries elsewhere =
        new BundledLibraries(loader, PLATFORM, temporary.resolve("nowhere"));

    assertThatThrownBy(elsewhere::load)
        .isInstanceOf(BrokenException.class)
        .hasMessageContaining(temporary.resolve("nowhere").toString())
        .hasMessageContaining("-Djava.io.tmpdir");
  }
}
