package dev.katran.ffm;

import dev.katran.ffm.internal.LibbpfLog;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The system's libbpf, which all of this package works through.
 *
 * <p>It is looked up once, as {@code libbpf.so.1}, when it is first needed. What it logs goes to
 * the SLF4J logger {@code dev.katran.ffm.libbpf}: its warnings as warnings, unless they belong to a
 * failed call, whose exception carries them; the rest as debug and trace.
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
   * @throws LibbpfMissingException if the system has no libbpf; says what to install
   * @throws LibbpfTooOldException if it is older than 1.0
   * @throws NativeAccessDeniedException if the JVM forbids native access; names the flag to pass
   */
  public static void ensureLoaded() {
    if (!loaded) {
      load();
    }
  }

  /**
   * The version of the system's libbpf, such as {@code "1.1"}.
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
    check(LIBRARY, BEFORE_1_0);
    LibbpfLog.install();
    loaded = true;
  }

  /** Refuses unless {@code library} is there and new enough; {@code older} is only reported. */
  static void check(String library, String older) {
    Version version =
        find(library).or(() -> find(older)).orElseThrow(() -> new LibbpfMissingException(library));
    check(version);
  }

  static void check(Version version) {
    if (version.major() < NEEDED_MAJOR) {
      throw new LibbpfTooOldException(version.toString());
    }
  }

  /** The version of a library, if the system has it. */
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
