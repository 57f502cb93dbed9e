package dev.katran.ffm;

import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.ElfFile;
import dev.katran.ffm.internal.LibbpfLog;
import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An object file with BPF programs and their maps.
 *
 * <p>Its life has three steps: {@link #open} parses it; then its constants can be written, its maps
 * sized and its programs left out; {@link #load} creates the maps and has the kernel verify and
 * compile the programs. {@link #close} releases everything, except what is pinned or still attached
 * by a link. Until it is loaded, an object is for one thread at a time.
 */
public final class BpfObject implements AutoCloseable {

  private enum State {
    OPEN,
    LOADED,
    FAILED,
    CLOSED
  }

  private static final int ALIGNMENT = 8;

  private final String name;
  private final MemorySegment handle;
  private final List<BpfMap> maps = new ArrayList<>();
  private final List<BpfProgram> programs = new ArrayList<>();

  /** The lifetime of what {@link #constants} returns: until the load. */
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

  /** {@link #open(String, MemorySegment)} for an array. */
  public static BpfObject open(String name, byte[] elf) {
    return open(name, MemorySegment.ofArray(elf));
  }

  /**
   * Parses an object file; nothing reaches the kernel yet.
   *
   * @param name what messages call the object
   * @param elf the file's bytes, of which a copy is made
   * @throws BpfException if this is no whole BPF object ({@code ENOEXEC}), or libbpf does not
   *     accept it
   * @throws LibbpfUnavailableException if there is no libbpf to work with
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
      return new BpfObject(name, handle);
    }
  }

  /** What messages call the object. */
  public String name() {
    return name;
  }

  /**
   * The constants of a section, such as {@code ".rodata"} or {@code ".rodata.config"}, to be
   * written before the load, from which on the verifier counts on them. The same goes for the
   * initial values of variables, in {@code ".data"} or {@code ".bss"}.
   *
   * @return a view that ends with the load; later access to it is an {@link IllegalStateException}
   * @throws IllegalArgumentException if the object has no such section
   * @throws IllegalStateException if the object is loaded or closed
   */
  public MemorySegment constants(String section) {
    requireNotLoaded();
    MemorySegment value = BpfObjects.initialValue(map(section).handle(), configuration);
    if (BpfObjects.isNull(value)) {
      throw new IllegalArgumentException(section + " of object " + name + " is no section");
    }
    return value;
  }

  /**
   * The map of this name, always the same instance.
   *
   * @throws IllegalArgumentException if the object has none; the message lists those it has
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
   * The program of this name, that of its C function; always the same instance.
   *
   * @throws IllegalArgumentException if the object has none; the message lists those it has
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
   * Creates the maps, verifies and loads the programs: all of them or, on failure, none.
   *
   * @throws BpfException if the kernel refuses; for a program, with the verifier's log
   * @throws IllegalStateException if this was tried before, or the object is closed
   */
  public synchronized void load() {
    requireNotLoaded();
    state = State.FAILED; // libbpf tries only once
    configuration.close();
    try (LibbpfLog.Capture log = LibbpfLog.capture()) {
      int rc;
      BpfProgram lastVerified = null;
      try {
        maps.forEach(BpfMap::beforeLoad);
        programs.forEach(BpfProgram::beforeLoad);
        rc = BpfObjects.load(handle);
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

  /** Closes the maps and programs and what belongs to them. */
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
          "object " + name + (state == State.LOADED ? " is loaded already" : " failed to load"));
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
            + ", which has "
            + present.stream().map(nameOf).collect(Collectors.joining(", ")));
  }
}
