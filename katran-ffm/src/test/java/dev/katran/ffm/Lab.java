package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Opens and runs the BPF objects of src/test/bpf. */
final class Lab {

  static final int FRAME_LENGTH = 64;

  private Lab() {}

  static byte[] bytes(String name) {
    try (InputStream in = Lab.class.getResourceAsStream(name + ".bpf.o")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static BpfObject open() {
    return BpfObject.open("lab", bytes("lab"));
  }

  static BpfObject load() {
    BpfObject lab = open();
    lab.load();
    return lab;
  }

  static int run(BpfProgram program) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(FRAME_LENGTH);
      return program.run(frame, FRAME_LENGTH, null, null).retval();
    }
  }

  static MemorySegment of(Arena arena, int number) {
    return arena.allocateFrom(JAVA_INT, number);
  }
}
