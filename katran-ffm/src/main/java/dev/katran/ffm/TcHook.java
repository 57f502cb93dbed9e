package dev.katran.ffm;

/**
 * A classifier program that is attached to an interface's tc egress hook: it runs for each packet
 * that leaves the interface, behind routing and netfilter, and before the packet is segmented.
 *
 * <p>The program runs before those that are there already. It should return {@code TC_ACT_UNSPEC}
 * for packets that pass, since any other verdict ends the processing. Programs and filters of
 * others are never replaced or removed.
 *
 * <p>Interfaces are those of the calling thread's network namespace; the hook can be closed in any
 * thread.
 *
 * @since 0.1.0
 */
public final class TcHook implements AutoCloseable {

  /**
   * What keeps a program attached.
   *
   * @since 0.1.0
   */
  public enum Mechanism {
    /** A BPF link to the tcx hook, since Linux 6.6. Detached when the process ends. */
    LINK,
    /**
     * A filter of the interface's clsact qdisc, which is created if there is none, and is never
     * removed: others may use it. <b>The filter stays when the process ends without closing it.</b>
     * The next program of the same name that is attached to the interface takes its place. So does
     * one that is attached while the filter is in use; closing this hook then changes nothing.
     */
    FILTER
  }

  /** How a program is attached, in one mechanism. */
  sealed interface Attachment extends AutoCloseable permits TcxLink, TcFilter {

    boolean isAttached();

    @Override
    void close();
  }

  private final int ifindex;
  private final int programId;
  private final Mechanism mechanism;
  private final Attachment attachment;
  private volatile boolean closed;

  private TcHook(int ifindex, int programId, Mechanism mechanism, Attachment attachment) {
    this.ifindex = ifindex;
    this.programId = programId;
    this.mechanism = mechanism;
    this.attachment = attachment;
  }

  /**
   * Attaches a program to an interface's egress, by a link where the kernel has tcx, and otherwise
   * as a filter.
   *
   * @param program of the section {@code tc}
   * @param ifindex the interface's index, greater than 0
   * @throws NativeException if there is no such interface ({@code ENODEV}), the kernel has neither
   *     tcx nor BPF classifiers, or it fails the call
   */
  public static TcHook attachEgress(BpfProgram program, int ifindex) {
    try {
      return attachEgress(program, ifindex, Mechanism.LINK);
    } catch (BpfException e) {
      if (e.errno() != Errno.EINVAL) {
        throw e;
      }
      return withoutTcx(program, ifindex, e);
    }
  }

  private static TcHook withoutTcx(BpfProgram program, int ifindex, BpfException refusal) {
    try {
      return attachEgress(program, ifindex, Mechanism.FILTER);
    } catch (NativeException e) {
      e.addSuppressed(refusal);
      throw e;
    }
  }

  /**
   * Attaches a program to an interface's egress.
   *
   * @param program of the section {@code tc}
   * @param ifindex the interface's index, greater than 0
   * @throws NativeException if there is no such interface ({@code ENODEV}), the kernel does not
   *     have the mechanism ({@code EINVAL} for links, {@code ENOENT} for filters), the interface
   *     has an ingress qdisc ({@code EBUSY}, only filters), or the kernel fails the call
   */
  public static TcHook attachEgress(BpfProgram program, int ifindex, Mechanism mechanism) {
    String operation = "attach " + program + " to the egress of interface " + ifindex;
    Attachment attachment =
        switch (mechanism) {
          case LINK -> TcxLink.attach(program, ifindex, operation);
          case FILTER -> TcFilter.attach(program, ifindex);
        };
    try {
      return new TcHook(ifindex, program.info().id(), mechanism, attachment);
    } catch (RuntimeException | Error e) {
      attachment.close();
      throw e;
    }
  }

  /** Returns the interface's index when the program was attached. */
  public int ifindex() {
    return ifindex;
  }

  /** Returns the id of the program, greater than 0. */
  public int programId() {
    return programId;
  }

  /** Returns what keeps the program attached. */
  public Mechanism mechanism() {
    return mechanism;
  }

  /**
   * Returns whether the program is attached. False once the interface was deleted, the program was
   * detached from outside or replaced, or the hook was closed; it is never attached again then.
   *
   * @throws NativeException if the kernel fails the query
   */
  public boolean isAttached() {
    return !closed && attachment.isAttached();
  }

  /**
   * Detaches the program, if it is attached.
   *
   * @throws NativeException if the kernel fails to remove the filter
   */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      attachment.close();
    }
  }

  @Override
  public String toString() {
    return "tc hook on the egress of interface " + ifindex;
  }
}
