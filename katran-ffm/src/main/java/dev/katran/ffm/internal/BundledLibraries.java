package dev.katran.ffm.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Native libraries in an artifact on the class path, for systems where they are not installed. Each
 * platform has a folder with a list in the format of sha256sum(1), in load order: dependencies
 * first.
 *
 * @since 0.1.0
 */
public final class BundledLibraries {

  /** The parent of the platforms' folders; not a package, so that no module encapsulates it. */
  static final String ROOT = "META-INF/katran/natives/";

  static final String LIST = "SHA256SUMS";

  /** A line of the list: a SHA-256 checksum in hexadecimal digits and a file name without path. */
  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *]([A-Za-z0-9._+-]+)");

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** Maps the JVM's machine names to the usual ones. */
  private static final Map<String, String> MACHINES = Map.of("amd64", "x86_64");

  private final ClassLoader loader;
  private final String platform;
  private final Path temporary;

  /** Selects the libraries for a platform in a class loader's resources. */
  BundledLibraries(ClassLoader loader, String platform, Path temporary) {
    this.loader = loader;
    this.platform = platform;
    this.temporary = temporary;
  }

  /** Selects the libraries for this machine in the resources of this module's class loader. */
  public static BundledLibraries forThisMachine() {
    ClassLoader own = BundledLibraries.class.getClassLoader();
    return new BundledLibraries(
        own == null ? ClassLoader.getSystemClassLoader() : own,
        platform(System.getProperty("os.name"), System.getProperty("os.arch")),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  /** Returns the name of a platform, such as {@code linux-x86_64}. */
  static String platform(String system, String machine) {
    return (system + "-" + MACHINES.getOrDefault(machine, machine)).toLowerCase(Locale.ROOT);
  }

  /** Returns the platform of the libraries, such as {@code linux-x86_64}. */
  public String platform() {
    return platform;
  }

  /**
   * Loads the libraries for the lifetime of the process and removes the extracted files.
   *
   * @return false if there are no libraries for this platform
   * @throws BrokenException if there are libraries, but they cannot be loaded
   */
  public boolean load() {
    URL list = loader.getResource(ROOT + platform + "/" + LIST);
    if (list == null) {
      return false;
    }
    List<Entry> entries = entries(list);
    try {
      Path folder =
          Files.createTempDirectory(
              temporary, "katran-natives-", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      try {
        for (Entry entry : entries) {
          load(entry, extract(entry, folder.resolve(entry.name())));
        }
      } finally {
        delete(folder, entries);
      }
    } catch (IOException e) {
      throw new BrokenException(
          "cannot extract the libraries for %s to %s (set by -Djava.io.tmpdir): %s"
              .formatted(platform, temporary, e),
          e);
    }
    return true;
  }

  private record Entry(String name, String sha256) {}

  private List<Entry> entries(URL list) {
    try (InputStream in = list.openStream()) {
      List<Entry> entries = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
          throw new BrokenException("%s has the malformed line \"%s\"".formatted(list, line));
        }
        entries.add(new Entry(parts.group(2), parts.group(1)));
      }
      return entries;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + list, e);
    }
  }

  /** Extracts and verifies a library. Only the owner can write to the folder before the load. */
  private Path extract(Entry entry, Path file) throws IOException {
    try (InputStream in = loader.getResourceAsStream(ROOT + platform + "/" + entry.name())) {
      if (in == null) {
        throw new BrokenException(
            "%s is listed for %s but missing; download the artifact again"
                .formatted(entry.name(), platform));
      }
      FileAttribute<?> permissions = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
      Files.createFile(file, permissions);
      Files.write(file, in.readAllBytes());
    }
    String sha256 = sha256(Files.readAllBytes(file));
    if (!sha256.equals(entry.sha256())) {
      throw new BrokenException(
          "%s for %s has the SHA-256 checksum %s instead of %s; download the artifact again"
              .formatted(entry.name(), platform, sha256, entry.sha256()));
    }
    return file;
  }

  private void load(Entry entry, Path file) {
    try {
      SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new BrokenException(
          ("cannot load %s for %s (%s): it needs glibc, a matching machine, and a file system at %s"
                  + " (set by -Djava.io.tmpdir) that is not mounted noexec")
              .formatted(entry.name(), platform, e.getMessage(), temporary),
          e);
    }
  }

  /** Deletes the files, which loaded libraries no longer need. */
  private static void delete(Path folder, List<Entry> entries) throws IOException {
    for (Entry entry : entries) {
      Files.deleteIfExists(folder.resolve(entry.name()));
    }
    Files.delete(folder);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JVM has SHA-256", e);
    }
  }

  /** Returns another supported platform for which there are libraries, if any. */
  public Optional<String> otherPlatform() {
    return List.of("linux-x86_64", "linux-aarch64").stream()
        .filter(other -> !other.equals(platform))
        .filter(other -> loader.getResource(ROOT + other + "/" + LIST) != null)
        .findFirst();
  }

  /**
   * Thrown when there are libraries for this platform, but they cannot be loaded.
   *
   * @since 0.1.0
   */
  public static final class BrokenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BrokenException(String message) {
      super(message);
    }

    BrokenException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
