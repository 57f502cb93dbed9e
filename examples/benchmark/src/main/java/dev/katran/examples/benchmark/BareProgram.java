package dev.katran.examples.benchmark;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;

/** A loaded object file of this benchmark. */
final class BareProgram implements AutoCloseable {

  private final BpfObject object;

  private BareProgram(BpfObject object) {
    this.object = object;
  }

  /** Loads an object file. */
  static BareProgram load(String name) {
    return load(name, object -> {});
  }

  /**
   * Loads an object file.
   *
   * @param configure called with the object before it is loaded
   */
  static BareProgram load(String name, Consumer<BpfObject> configure) {
    BpfObject object = BpfObject.open(name, read(name + ".bpf.o"));
    try {
      configure.accept(object);
      object.load();
      return new BareProgram(object);
    } catch (RuntimeException | Error e) {
      object.close();
      throw e;
    }
  }

  private static byte[] read(String file) {
    try (InputStream in = BareProgram.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("resource %s is missing".formatted(file));
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  BpfProgram program(String name) {
    return object.program(name);
  }

  BpfMap map(String name) {
    return object.map(name);
  }

  @Override
  public void close() {
    object.close();
  }
}
