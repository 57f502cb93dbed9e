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
 * libbpf, which all of this package works through.
 *
 * <p>It is looked up once, as {@code libbpf.so.1}, when it is first needed: on the system; where it
 * is not, in the artifact with the classifier {@code natives-linux-x86_64} (or that of another
 * machine) on the class path. What it logs goes to the SLF4J logger {@code dev.katran.ffm.libbpf}:
 * its warnings as warnings, unless they belong to a failed call, whose exception carries them; the
 * rest as debug and trace.
 */
public final class LibbpfLibrary {

  private static final String LIBRARY = "libbpf.so.1";
  private static final String BEFORE_1_0 = "libbpf.so.0";
  private static final int NEEDED_MAJOR = 1;

  private static volatile boolean loaded;

  private LibbpfLibrary() {}

  /**
   * Makes sure that libbpf can be called; the other types do this by themselves.
   *
   * @throws LibbpfMissingException if there is no libbpf; says what to install
   * @throws LibbpfBrokenException if the class path's is needed and cannot be loaded; says why
   * @throws LibbpfTooOldException if it is older than 1.0
   * @throws NativeAccessDeniedException if the JVM forbids native access; names the flag to pass
   */
  public static void ensureLoaded() {
    if (!loaded) {
      load();
    }
  }

  /**
   * The version of libbpf, such as {@code "1.1"}.
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
    check(LIBRARY, BEFORE_1_0, BundledLibraries.ofThisMachine());
    LibbpfLog.install();
    loaded = true;
  }

  /**
   * Refuses unless {@code library} is there and new enough; {@code older} is only reported. Once
   * the bundled ones are loaded, the dynamic linker finds them by their names.
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

  /** The version of a library, if the system has it, or it is loaded already. */
  static Optional<Version> find(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
      return Optional.of(
          new Version(
              call(symbols, "libbpf_major_version"), call(symbols, "libbpf_minor_version")));
    } catch (IllegalCallerException e) {
      throw new NativeAccessDeniedException(LibbpfLibrary.class.getModule(), e);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // how libraryLookup says "not found"
    }
  }

  /** Calls a version function; those before 0.6 have none and count as 0.0. */
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
