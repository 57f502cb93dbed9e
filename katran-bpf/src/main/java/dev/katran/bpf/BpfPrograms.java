package dev.katran.bpf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The compiled programs that this module carries, each a relocatable ELF object for libbpf. Their
 * sources stand beside this class in the repository, in {@code src/main/bpf}.
 */
public final class BpfPrograms {

  private BpfPrograms() {}

  /** The load balancer: program {@code balancer}. */
  public static byte[] balancer() {
    return read("balancer.bpf.o");
  }

  /** The decapsulator for backend hosts: program {@code decap}. */
  public static byte[] decap() {
    return read("decap.bpf.o");
  }

  /** Lets every packet pass: program {@code pass}, for the other end of a veth. */
  public static byte[] pass() {
    return read("pass.bpf.o");
  }

  private static byte[] read(String name) {
    try (InputStream in = BpfPrograms.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from this module");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
