package dev.katran.ffm;

import java.util.Optional;

/** Somebody else's program is on the interface; it was left there. */
public final class XdpBusyException extends BpfException {

  private static final long serialVersionUID = 1L;

  private final int ifindex;
  private final transient Optional<AttachedProgram> attached;

  XdpBusyException(String operation, int errno, int ifindex, Optional<AttachedProgram> attached) {
    super(operation, errno, attached.map(program -> program + " is attached there").orElse(""));
    this.ifindex = ifindex;
    this.attached = attached;
  }

  /** The index of the interface. */
  public int ifindex() {
    return ifindex;
  }

  /** The program that is attached there; empty if it has gone meanwhile. */
  public Optional<AttachedProgram> attached() {
    return attached;
  }
}
