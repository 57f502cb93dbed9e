package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;

/**
 * The XDP hook of an interface without a link: the program stays attached when the process ends,
 * and others may replace it. Interfaces are those of the calling thread's network namespace.
 *
 * @since 0.1.0
 */
public final class XdpHook {

  private static final int NONE = 0;
  private static final int DETACH = -1;

  private XdpHook() {}

  /**
   * Returns the id of the attached program, or 0 if there is none or no such interface.
   *
   * @throws BpfException if the kernel fails the query
   */
  public static int programId(int ifindex) {
    LibbpfLibrary.ensureLoaded();
    int id = Bpf.queryXdp(ifindex);
    if (id < 0) {
      throw new BpfException("query the XDP hook of interface " + ifindex, -id);
    }
    return id;
  }

  /**
   * Attaches a program where there is none.
   *
   * @throws BpfException if another program is attached ({@code EBUSY}), the driver does not
   *     support XDP ({@code EOPNOTSUPP}, only {@link XdpLink.Mode#NATIVE}), or the kernel fails the
   *     call
   */
  public static void attach(int ifindex, int program, XdpLink.Mode mode) {
    exchange("attach an XDP program to", ifindex, program, NONE, mode);
  }

  /**
   * Replaces the attached program atomically.
   *
   * @param expected the program that is attached
   * @throws BpfException if another program is attached ({@code EEXIST}), or the kernel fails the
   *     call
   */
  public static void replace(int ifindex, int program, int expected, XdpLink.Mode mode) {
    exchange("replace the XDP program of", ifindex, program, expected, mode);
  }

  /**
   * Detaches the program.
   *
   * @param expected the program that is attached
   * @throws BpfException if another program is attached ({@code EEXIST}), or the kernel fails the
   *     call
   */
  public static void detach(int ifindex, int expected, XdpLink.Mode mode) {
    exchange("detach the XDP program of", ifindex, DETACH, expected, mode);
  }

  private static void exchange(
      String verb, int ifindex, int program, int expected, XdpLink.Mode mode) {
    LibbpfLibrary.ensureLoaded();
    int rc = Bpf.exchangeXdp(ifindex, program, expected, mode == XdpLink.Mode.NATIVE);
    if (rc < 0) {
      throw new BpfException(
          "%s interface %d in %s mode"
              .formatted(verb, ifindex, mode == XdpLink.Mode.NATIVE ? "native" : "generic"),
          -rc);
    }
  }
}
