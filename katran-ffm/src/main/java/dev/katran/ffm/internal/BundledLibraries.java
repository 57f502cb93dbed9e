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
 * Native libraries that an artifact on the class path carries for systems that have none of their
 * own: in a folder for each platform, with a list in the form of sha256sum(1) in the order in which
 * they are to be loaded, which is dependencies first.
 */
public final class BundledLibraries {

  /** Where the platforms' folders are: in no package, so that no module encapsulates them. */
  static final String ROOT = "META-INF/katran/natives/";

  static final String LIST = "SHA256SUMS";

  /** A line of the list: 32 bytes in hexadecimal digits, and a name without a path. */
  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64}) [ *]([A-Za-z0-9._+-]+)");

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** What the JVM calls machines, and what everybody else does. */
  private static final Map<String, String> MACHINES = Map.of("amd64", "x86_64");

  private final ClassLoader loader;
  private final String platform;
  private final Path temporary;

  /** Those for a platform among the resources of a class loader, and where they can be put. */
  BundledLibraries(ClassLoader loader, String platform, Path temporary) {
    this.loader = loader;
    this.platform = platform;
    this.temporary = temporary;
  }

  /** Those for this machine, from where this module is from. */
  public static BundledLibraries ofThisMachine() {
    ClassLoader own = BundledLibraries.class.getClassLoader();
    return new BundledLibraries(
        own == null ? ClassLoader.getSystemClassLoader() : own,
        platform(System.getProperty("os.name"), System.getProperty("os.arch")),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  /** A platform's name, such as {@code linux-x86_64}. */
  static String platform(String system, String machine) {
    return (system + "-" + MACHINES.getOrDefault(machine, machine)).toLowerCase(Locale.ROOT);
  }

  /** The platform that they are for, such as {@code linux-x86_64}. */
  public String platform() {
    return platform;
  }

  /**
   * Loads them for as long as the process lives; nothing of them stays in the file system.
   *
   * @return false if there are none for this platform
   * @throws BrokenException if there are, but they cannot be loaded; says why
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
          "the libraries for %s cannot be extracted to %s, which -Djava.io.tmpdir says: %s"
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
          throw new BrokenException("%s has the line \"%s\"".formatted(list, line));
        }
        entries.add(new Entry(parts.group(2), parts.group(1)));
      }
      return entries;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + list, e);
    }
  }

  /** Nobody else may write to the folder, so what is verified here is what is loaded. */
  private Path extract(Entry entry, Path file) throws IOException {
    try (InputStream in = loader.getResourceAsStream(ROOT + platform + "/" + entry.name())) {
      if (in == null) {
        throw new BrokenException(
            "%s is listed for %s, and is not there; get the artifact anew"
                .formatted(entry.name(), platform));
      }
      FileAttribute<?> permissions = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
      Files.createFile(file, permissions);
      Files.write(file, in.readAllBytes());
    }
    String sha256 = sha256(Files.readAllBytes(file));
    if (!sha256.equals(entry.sha256())) {
      throw new BrokenException(
          "%s for %s has the SHA-256 checksum %s, and %s is listed; get the artifact anew"
              .formatted(entry.name(), platform, sha256, entry.sha256()));
    }
    return file;
  }

  private void load(Entry entry, Path file) {
    try {
      SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new BrokenException(
          ("%s for %s cannot be loaded (%s): it needs glibc, a file system at %s that is not mounted"
                  + " noexec (-Djava.io.tmpdir says which), and a machine that it is for")
              .formatted(entry.name(), platform, e.getMessage(), temporary),
          e);
    }
  }

  /** A loaded library needs its file no more. */
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

  /** Other platforms that there are libraries for, of those that this project knows. */
  public Optional<String> otherPlatform() {
    return List.of("linux-x86_64", "linux-aarch64").stream()
        .filter(other -> !other.equals(platform))
        .filter(other -> loader.getResource(ROOT + other + "/" + LIST) != null)
        .findFirst();
  }

  /** There are libraries for this platform that cannot be loaded. */
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
