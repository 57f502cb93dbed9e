package dev.katran.ffm;

import java.util.Optional;

/**
 * Thrown when the interface's XDP hook already has a program, which stays attached.
 *
 * @since 0.1.0
 */
public final class XdpBusyException extends BpfException {

  private static final long serialVersionUID = 1L;

  private final int ifindex;
  private final transient Optional<AttachedProgram> attached;

  XdpBusyException(String operation, int errno, int ifindex, Optional<AttachedProgram> attached) {
    super(operation, errno, attached.map(program -> program + " is already attached").orElse(""));
    this.ifindex = ifindex;
    this.attached = attached;
  }

  /** Returns the index of the interface. */
  public int ifindex() {
    return ifindex;
  }

  /** Returns the attached program; empty if it has been detached meanwhile. */
  public Optional<AttachedProgram> attached() {
    return attached;
  }
}
