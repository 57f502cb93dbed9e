package dev.katran.bpf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The compiled BPF programs, each a relocatable ELF object for libbpf. Their sources are in {@code
 * katran-bpf/src/main/bpf}.
 *
 * @since 0.1.0
 */
public final class BpfPrograms {

  private BpfPrograms() {}

  /** Returns the object of the load balancer. Its program is {@code balancer}. */
  public static byte[] balancer() {
    return read("balancer.bpf.o");
  }

  /** Returns the object of the decapsulator for backend hosts. Its program is {@code decap}. */
  public static byte[] decap() {
    return read("decap.bpf.o");
  }

  /**
   * Returns the object of a program that passes every packet, {@code pass}. The peer of a veth
   * needs it to receive frames that the program on this end sends with {@code XDP_TX}.
   */
  public static byte[] pass() {
    return read("pass.bpf.o");
  }

  /**
   * Returns the object of the source restorer for backend hosts. Its program is {@code restore}.
   */
  public static byte[] restore() {
    return read("restore.bpf.o");
  }

  /**
   * Returns the object of a program that takes a place among those of others and calls the balancer
   * there. Its program is {@code katran_slot}, which calls the first one in {@code slot_programs}.
   */
  public static byte[] slot() {
    return read("slot.bpf.o");
  }

  /**
   * Returns the object of a dispatcher of libxdp's protocol. Its program is {@code xdp_dispatcher},
   * which calls up to ten others, as its constants say.
   */
  public static byte[] dispatcher() {
    return read("xdp_dispatcher.bpf.o");
  }

  private static byte[] read(String name) {
    try (InputStream in = BpfPrograms.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(
            "missing resource " + name + " in " + BpfPrograms.class.getModule());
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
