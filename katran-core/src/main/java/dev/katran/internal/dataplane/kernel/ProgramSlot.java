package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.LoadedProgram;
import dev.katran.ffm.ProgramArray;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A small program for a place that belongs to others, {@code slot.bpf.c}. It calls the program in
 * an array of our own, so that the balancer's programs are replaced without touching the place.
 * When the process ends, the kernel empties the array unless it is pinned, and packets pass.
 */
final class ProgramSlot implements AutoCloseable {

  /** The program's name. */
  static final String NAME = "katran_slot";

  private static final String PROGRAM = "slot";
  private static final String PROGRAMS = "slot_programs";
  private static final int INDEX = 0;

  private final ProgramArray programs;

  /** The object or the pinned program. */
  private final AutoCloseable loaded;

  private final int fd;
  private final int id;
  private int programId;

  private ProgramSlot(ProgramArray programs, LoadedProgram loaded) {
    this.programs = programs;
    this.loaded = loaded;
    this.fd = loaded.fd();
    this.id = loaded.id();
  }

  private ProgramSlot(ProgramArray programs, BpfObject loaded) {
    this.programs = programs;
    this.loaded = loaded;
    BpfProgram program = program(loaded);
    this.fd = program.fd();
    this.id = program.info().id();
  }

  /** Opens the slot that is pinned, if it is. */
  static Optional<ProgramSlot> pinned(MapPins pins) {
    if (!pins.contains(PROGRAMS)) {
      return Optional.empty();
    }
    ProgramArray programs = ProgramArray.of(pins.open(PROGRAMS));
    try {
      Optional<ProgramSlot> slot =
          pins.program(PROGRAM).map(program -> new ProgramSlot(programs, program));
      if (slot.isEmpty()) {
        programs.close();
      }
      return slot;
    } catch (RuntimeException | Error e) {
      programs.close();
      throw e;
    }
  }

  /**
   * Loads a slot and pins it.
   *
   * @param configure makes the program suit its place
   */
  static ProgramSlot load(MapPins pins, Consumer<BpfProgram> configure) {
    ProgramArray programs = ProgramArray.create(PROGRAMS, 1);
    try {
      BpfObject object = load(programs, configure);
      try {
        ProgramSlot slot = new ProgramSlot(programs, object);
        pins.replace(PROGRAMS, programs.map());
        pins.replace(PROGRAM, program(object));
        return slot;
      } catch (RuntimeException | Error e) {
        object.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      programs.close();
      throw e;
    }
  }

  /** Loads the program that calls those of an array. */
  static BpfObject load(ProgramArray programs, Consumer<BpfProgram> configure) {
    return BpfObject.load(
        "katran",
        BpfPrograms.slot(),
        fresh -> {
          fresh.map(PROGRAMS).reuse(programs.map());
          configure.accept(program(fresh));
        });
  }

  /**
   * Returns whether a program is the slot of a balancer whose process ended without closing it.
   * Without CAP_SYS_ADMIN, that cannot be told.
   */
  static boolean isAbandoned(int id) {
    try (LoadedProgram program = LoadedProgram.openById(id)) {
      if (!program.name().equals(NAME) || program.mapIds().size() != 1) {
        return false;
      }
      try (ProgramArray programs = ProgramArray.of(BpfMap.openById(program.mapIds().getFirst()))) {
        return programs.programAt(INDEX).isEmpty();
      }
    } catch (BpfException e) {
      return false;
    }
  }

  private static BpfProgram program(BpfObject object) {
    return object.program(NAME);
  }

  /** Removes the pins. */
  static void unpin(MapPins pins) {
    pins.unpin(PROGRAM);
    pins.unpin(PROGRAMS);
  }

  /** Calls a program from now on. */
  void call(BpfProgram program) {
    programs.put(INDEX, program.fd());
    programId = program.info().id();
  }

  /** Returns the id of the called program, or 0. */
  int programId() {
    return programId;
  }

  /** Returns the id of the program that calls it. */
  int id() {
    return id;
  }

  /** Returns the descriptor of the program that calls it. */
  int fd() {
    return fd;
  }

  @Override
  public void close() {
    programs.close();
    switch (loaded) {
      case BpfObject object -> object.close();
      case LoadedProgram program -> program.close();
      default -> throw new AssertionError(loaded);
    }
  }
}
