package dev.katran.ffm;

import dev.katran.ffm.internal.BundledLibraries;
import dev.katran.ffm.internal.LibbpfLog;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The native library libbpf, on which this package is built.
 *
 * <p>{@code libbpf.so.1} is looked up once, at first use: on the system, then in the artifact with
 * the classifier {@code natives-linux-x86_64} (or that of another platform) on the class path. Its
 * log goes to the SLF4J logger {@code dev.katran.ffm.libbpf}: warnings as warnings, except those of
 * a failed call, which its exception contains; everything else at debug and trace level.
 *
 * @since 0.1.0
 */
public final class LibbpfLibrary {

  private static final String LIBRARY = "libbpf.so.1";
  private static final String BEFORE_1_0 = "libbpf.so.0";
  private static final int NEEDED_MAJOR = 1;

  private static volatile boolean loaded;

  private LibbpfLibrary() {}

  /**
   * Loads libbpf if it is not loaded yet. The other types call this themselves.
   *
   * @throws LibbpfMissingException if there is no libbpf; the message names the package to install
   * @throws LibbpfBrokenException if the bundled libbpf is needed and cannot be loaded
   * @throws LibbpfTooOldException if libbpf is older than 1.0
   * @throws NativeAccessDeniedException if the JVM denies native access; the message contains the
   *     flag to pass
   */
  public static void ensureLoaded() {
    if (!loaded) {
      load();
    }
  }

  /**
   * Returns the version of libbpf, such as {@code "1.1"}.
   *
   * @throws LibbpfUnavailableException as {@link #ensureLoaded()}
   */
  public static String version() {
    ensureLoaded();
    return find(LIBRARY).orElseThrow().toString();
  }

  private static synchronized void load() {
    if (loaded) {
      return;
    }
    check(LIBRARY, BEFORE_1_0, BundledLibraries.forThisMachine());
    LibbpfLog.install();
    loaded = true;
  }

  /**
   * Checks that {@code library} exists and is new enough; {@code older} is looked up only for the
   * error message. Once the bundled libraries are loaded, the dynamic linker finds them by name.
   */
  static void check(String library, String older, BundledLibraries bundled) {
    Version version =
        find(library)
            .or(() -> load(bundled) ? find(library) : Optional.empty())
            .or(() -> find(older))
            .orElseThrow(() -> new LibbpfMissingException(library, bundled));
    check(version);
  }

  private static boolean load(BundledLibraries bundled) {
    try {
      return bundled.load();
    } catch (BundledLibraries.BrokenException e) {
      throw new LibbpfBrokenException(e);
    }
  }

  static void check(Version version) {
    if (version.major() < NEEDED_MAJOR) {
      throw new LibbpfTooOldException(version.toString());
    }
  }

  /** Returns the version of a library that is installed or already loaded. */
  static Optional<Version> find(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
      return Optional.of(
          new Version(
              call(symbols, "libbpf_major_version"), call(symbols, "libbpf_minor_version")));
    } catch (IllegalCallerException e) {
      throw new NativeAccessDeniedException(LibbpfLibrary.class.getModule(), e);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // libraryLookup throws this if it does not find the library
    }
  }

  /** Calls a version function; libbpf before 0.6 has none and counts as 0.0. */
  private static int call(SymbolLookup symbols, String function) {
    Optional<MemorySegment> address = symbols.find(function);
    if (address.isEmpty()) {
      return 0;
    }
    try {
      return (int)
          Native.function(address.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT))
              .invokeExact(Native.state());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** A version of libbpf. */
  record Version(int major, int minor) {
    @Override
    public String toString() {
      return major + "." + minor;
    }
  }
}
