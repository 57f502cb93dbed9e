package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.libbpf_print_fn_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives libbpf's log and forwards it to SLF4J. Warnings during a {@link Capture} are kept for
 * the exception of the call that fails, instead of being logged as well.
 *
 * @since 0.1.0
 */
public final class LibbpfLog {

  private static final Logger LOG = LoggerFactory.getLogger("dev.katran.ffm.libbpf");
  private static final int LINE_SIZE = 4096;

  private static final ThreadLocal<Capture> CAPTURE = new ThreadLocal<>();

  private LibbpfLog() {}

  /** Registers the log callback, permanently. */
  public static void install() {
    MemorySegment print = libbpf_print_fn_t.allocate(LibbpfLog::print, Arena.global());
    try {
      MemorySegment ignored = (MemorySegment) Libbpf.libbpf_set_print$handle().invokeExact(print);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Captures the warnings of the calling thread until the capture is closed. */
  public static Capture capture() {
    Capture capture = new Capture();
    CAPTURE.set(capture);
    return capture;
  }

  /** Callback of libbpf, in the thread that called libbpf; an exception would end the JVM. */
  private static int print(int level, MemorySegment format, MemorySegment arguments) {
    try {
      Capture capture = CAPTURE.get();
      if (level == Libbpf.LIBBPF_WARN()) {
        String line = format(format, arguments);
        if (capture != null) {
          capture.warnings.append(line).append('\n');
          LOG.debug("{}", line);
        } else {
          LOG.warn("{}", line);
        }
      } else if (level == Libbpf.LIBBPF_INFO() && LOG.isDebugEnabled()) {
        LOG.debug("{}", format(format, arguments));
      } else if (LOG.isTraceEnabled()) {
        LOG.trace("{}", format(format, arguments));
      }
    } catch (Throwable t) {
      // Cannot be reported: logging itself failed.
    }
    return 0;
  }

  private static String format(MemorySegment format, MemorySegment arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment line = arena.allocate(LINE_SIZE);
      LibC.format(line, format, arguments);
      return line.getString(0).stripTrailing().replaceFirst("^libbpf: ", "");
    }
  }

  /**
   * The warnings of one call.
   *
   * @since 0.1.0
   */
  public static final class Capture implements AutoCloseable {

    private final StringBuilder warnings = new StringBuilder();

    /** Returns the warnings so far, one per line, or an empty string. */
    public String warnings() {
      return warnings.toString();
    }

    /** Logs the captured warnings of a call that succeeded. */
    public void succeeded() {
      warnings.toString().lines().forEach(line -> LOG.warn("{}", line));
    }

    @Override
    public void close() {
      CAPTURE.remove();
    }
  }
}
