package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.ElfFile;
import dev.katran.ffm.internal.LibbpfLog;
import dev.katran.ffm.internal.Native;
import dev.katran.ffm.internal.ProfilingSignals;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A BPF object file: programs and their maps.
 *
 * <p>{@link #open} parses the file. Constants, map sizes and the selection of programs can be
 * changed until {@link #load} creates the maps and makes the kernel verify and compile the
 * programs. {@link #close} releases everything except pinned objects and attached links. An object
 * must not be used by several threads at once before it is loaded.
 *
 * @since 0.1.0
 */
public final class BpfObject implements AutoCloseable {

  private enum State {
    OPEN,
    LOADED,
    FAILED,
    CLOSED
  }

  private static final int ALIGNMENT = 8;

  /** The number of loads under signals. The pauses between them double, up to 256 ms. */
  private static final int ATTEMPTS = 10;

  private static final long FIRST_PAUSE = Duration.ofMillis(1).toNanos();

  private final String name;
  private final MemorySegment handle;
  private final List<BpfMap> maps = new ArrayList<>();
  private final List<BpfProgram> programs = new ArrayList<>();

  /** The lifetime of the segments from {@link #constants}, which ends at the load. */
  private final Arena configuration = Arena.ofShared();

  private volatile State state = State.OPEN;

  private BpfObject(String name, MemorySegment handle) {
    this.name = name;
    this.handle = handle;
    MemorySegment map = BpfObjects.nextMap(handle, MemorySegment.NULL);
    for (; !BpfObjects.isNull(map); map = BpfObjects.nextMap(handle, map)) {
      maps.add(new BpfMap(map));
    }
    MemorySegment program = BpfObjects.nextProgram(handle, MemorySegment.NULL);
    for (; !BpfObjects.isNull(program); program = BpfObjects.nextProgram(handle, program)) {
      programs.add(new BpfProgram(program));
    }
  }

  /** Parses an object file in an array, see {@link #open(String, MemorySegment)}. */
  public static BpfObject open(String name, byte[] elf) {
    return open(name, MemorySegment.ofArray(elf));
  }

  /**
   * Parses an object file, without calling the kernel yet.
   *
   * @param name the name of the object in messages
   * @param elf the file's contents, which are copied
   * @throws BpfException if this is not a complete BPF object ({@code ENOEXEC}) or libbpf rejects
   *     it
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static BpfObject open(String name, MemorySegment elf) {
    LibbpfLibrary.ensureLoaded();
    String operation = "open object " + name;
    ElfFile.problem(elf)
        .ifPresent(problem -> {
          throw new BpfException(operation, Errno.ENOEXEC, problem);
        });
    try (Arena arena = Arena.ofConfined();
        LibbpfLog.Capture log = LibbpfLog.capture()) {
      MemorySegment copy = arena.allocate(elf.byteSize(), ALIGNMENT).copyFrom(elf);
      MemorySegment handle = BpfObjects.open(copy, name);
      if (BpfObjects.isNull(handle)) {
        throw new BpfException(operation, Native.errno(), log.warnings());
      }
      log.succeeded();
      return wrap(name, handle);
    }
  }

  private static BpfObject wrap(String name, MemorySegment handle) {
    try {
      return new BpfObject(name, handle);
    } catch (RuntimeException | Error e) {
      BpfObjects.close(handle);
      throw e;
    }
  }

  /**
   * Opens, configures and loads an object. Starts over if a signal makes the kernel abandon the
   * verification of a program, which takes a fresh object: libbpf itself tries five times at once,
   * and this method ten times in half a second. {@link #load()} blocks the signals of profilers, so
   * this is about other ones.
   *
   * @param name the name of the object in messages
   * @param elf the file's contents
   * @param configure sets constants, maps and programs; called for each object
   * @throws BpfException as for {@link #open(String, MemorySegment)} and {@link #load()}
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static BpfObject load(String name, byte[] elf, Consumer<BpfObject> configure) {
    for (int attempt = 1; ; attempt++) {
      BpfObject object = open(name, elf);
      try {
        configure.accept(object);
        object.load();
        return object;
      } catch (RuntimeException | Error e) {
        object.close();
        if (attempt == ATTEMPTS || !(e instanceof BpfException b && b.errno() == Errno.EAGAIN)) {
          throw e;
        }
      }
      LockSupport.parkNanos(FIRST_PAUSE << (attempt - 1));
    }
  }

  /** Returns the name of the object in messages. */
  public String name() {
    return name;
  }

  /**
   * Returns the contents of a data section, to be written before the load: constants, such as
   * {@code ".rodata"} or {@code ".rodata.config"}, by which the verifier eliminates dead code, or
   * the initial values of variables, in {@code ".data"} or {@code ".bss"}.
   *
   * @return a view that is valid until the load; later access throws {@link IllegalStateException}
   * @throws IllegalArgumentException if the object has no such section
   * @throws IllegalStateException if the object is loaded or closed
   */
  public MemorySegment constants(String section) {
    requireNotLoaded();
    MemorySegment value = BpfObjects.initialValue(map(section).handle(), configuration);
    if (BpfObjects.isNull(value)) {
      throw new IllegalArgumentException(
          "map " + section + " of object " + name + " is not a data section");
    }
    return value;
  }

  /**
   * Returns the map with this name, always the same instance.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   * @throws IllegalStateException if the object is closed
   */
  public BpfMap map(String name) {
    requireOpen();
    MemorySegment found = BpfObjects.findMap(handle, name);
    return maps.stream()
        .filter(map -> map.handle().address() == found.address())
        .findFirst()
        .orElseThrow(() -> missing("map", name, maps, BpfMap::name));
  }

  /**
   * Returns the program with this name, which is the name of its C function; always the same
   * instance.
   *
   * @throws IllegalArgumentException if there is none; the message lists those that exist
   * @throws IllegalStateException if the object is closed
   */
  public BpfProgram program(String name) {
    requireOpen();
    return programs.stream()
        .filter(program -> program.name().equals(name))
        .findFirst()
        .orElseThrow(() -> missing("program", name, programs, BpfProgram::name));
  }

  /**
   * Returns the id of a function in the types of the object, for {@link FunctionLink}.
   *
   * @throws BpfException if there is none ({@code ENOENT})
   * @throws IllegalStateException if the object is closed
   */
  public int functionId(String function) {
    requireOpen();
    int id = BpfObjects.functionId(handle, function);
    if (id < 0) {
      throw new BpfException("find function " + function + " of " + this, -id);
    }
    return id;
  }

  /**
   * Creates the maps and verifies and loads the programs: all of them or, on failure, none. Blocks
   * {@code SIGPROF} and {@code SIGVTALRM} in the calling thread meanwhile.
   *
   * @throws BpfException if the kernel rejects a map or a program, the latter with the verifier's
   *     log; or if another signal interrupts the verification ({@code EAGAIN}), see {@link
   *     #load(String, byte[], Consumer)}
   * @throws IllegalStateException if this was called before or the object is closed
   */
  public synchronized void load() {
    requireNotLoaded();
    state = State.FAILED; // libbpf does not support a second attempt
    configuration.close();
    try (LibbpfLog.Capture log = LibbpfLog.capture()) {
      int rc;
      BpfProgram lastVerified = null;
      try {
        maps.forEach(BpfMap::beforeLoad);
        programs.forEach(BpfProgram::beforeLoad);
        try (ProfilingSignals _ = ProfilingSignals.block()) {
          rc = BpfObjects.load(handle);
        }
      } finally {
        maps.forEach(BpfMap::afterLoad);
        for (BpfProgram program : programs) {
          lastVerified = program.takeLog() ? program : lastVerified;
        }
      }
      if (rc < 0) {
        throw lastVerified == null
            ? new BpfException("load object " + name, -rc, log.warnings())
            : new BpfException("load " + lastVerified, -rc, lastVerified.verifierLog());
      }
      log.succeeded();
    }
    maps.forEach(BpfMap::loaded);
    programs.forEach(BpfProgram::loaded);
    state = State.LOADED;
  }

  /** Closes the object with its maps and programs. */
  @Override
  public synchronized void close() {
    if (state == State.CLOSED) {
      return;
    }
    if (configuration.scope().isAlive()) {
      configuration.close();
    }
    state = State.CLOSED;
    maps.forEach(BpfMap::close);
    programs.forEach(BpfProgram::close);
    BpfObjects.close(handle);
  }

  @Override
  public String toString() {
    return "object " + name;
  }

  private void requireOpen() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("object " + name + " is closed");
    }
  }

  private void requireNotLoaded() {
    requireOpen();
    if (state != State.OPEN) {
      throw new IllegalStateException(
          "object " + name + (state == State.LOADED ? " is already loaded" : " failed to load"));
    }
  }

  private <T> IllegalArgumentException missing(
      String kind, String wanted, List<T> present, Function<T, String> nameOf) {
    return new IllegalArgumentException(
        "no "
            + kind
            + " "
            + wanted
            + " in object "
            + name
            + ", available: "
            + present.stream().map(nameOf).collect(Collectors.joining(", ")));
  }
}
