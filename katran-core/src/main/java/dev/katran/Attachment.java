package dev.katran;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a program is attached to its network interface. Immutable: it tells what was so when {@link
 * LoadBalancer#attachment} returned it.
 *
 * <p>A program is lost when its interface is deleted or moved to another network namespace, or when
 * it is detached from outside ({@code bpftool link detach}). It is attached again as soon as that
 * is possible: immediately, or when there is an interface with this name again. The log has one
 * line, a warning, when it is lost, and one when it is attached again.
 *
 * @since 0.1.0
 */
public final class Attachment {

  private final String interfaceName;
  private final int interfaceIndex;
  private final AttachMode mode;
  private final String calledFrom;
  private final boolean attached;
  private final int programId;
  private final Instant since;

  Attachment(
      String interfaceName,
      int interfaceIndex,
      AttachMode mode,
      String calledFrom,
      boolean attached,
      int programId,
      Instant since) {
    this.interfaceName = interfaceName;
    this.interfaceIndex = interfaceIndex;
    this.mode = mode;
    this.calledFrom = calledFrom;
    this.attached = attached;
    this.programId = programId;
    this.since = since;
  }

  /** Returns the name that the interface was opened with, such as {@code eth0}. */
  public String interfaceName() {
    return interfaceName;
  }

  /**
   * Returns the interface's index, greater than 0. An interface that is deleted and created again
   * has another one; while there is none, this is the last one.
   */
  public int interfaceIndex() {
    return interfaceIndex;
  }

  /**
   * Returns the mode in which the program is attached, or was last: {@link AttachMode#NATIVE} or
   * {@link AttachMode#GENERIC}. For a program that another one {@linkplain #calledFrom calls}, it
   * is the other's, and {@link AttachMode#AUTOMATIC} if there was none on the interface.
   */
  public AttachMode mode() {
    return mode;
  }

  /**
   * Returns what calls the program, such as {@code index 3 of /sys/fs/bpf/root_array}, if packets
   * reach it by {@linkplain LoadBalancerBuilder#tailCallFrom another program} or by {@linkplain
   * LoadBalancerBuilder#joinDispatcher libxdp's dispatcher}; empty if it is attached to the
   * interface itself.
   */
  public Optional<String> calledFrom() {
    return calledFrom.isEmpty() ? Optional.empty() : Optional.of(calledFrom);
  }

  /** Returns whether the program is attached. While it is not, all packets pass to the host. */
  public boolean isAttached() {
    return attached;
  }

  /**
   * Returns the id of the attached program, as in {@code bpftool prog}; empty while it is not
   * attached. A change may replace the program, which gives it another id.
   */
  public OptionalInt programId() {
    return attached ? OptionalInt.of(programId) : OptionalInt.empty();
  }

  /**
   * Returns when the program was attached or, while it is not, when it was lost. Read from the wall
   * clock, for display only.
   */
  public Instant since() {
    return since;
  }

  /**
   * Returns text such as {@code eth0 (index 2): program 71 in native mode since 2026-01-31T...}.
   */
  @Override
  public String toString() {
    return attached
        ? "%s (index %d): program %d in %s mode%s since %s"
            .formatted(
                interfaceName,
                interfaceIndex,
                programId,
                mode.name().toLowerCase(Locale.ROOT),
                calledFrom.isEmpty() ? "" : ", called from " + calledFrom,
                since)
        : "%s (index %d): lost since %s".formatted(interfaceName, interfaceIndex, since);
  }
}
