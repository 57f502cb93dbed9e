package dev.katran.ffm;

/** What stands for a file descriptor while there is none: what an object's parts have in common. */
final class FdState {

  static final int NOT_LOADED = -1;
  static final int LEFT_OUT = -2;
  static final int CLOSED = -3;

  private FdState() {}

  /** The state after the load, of which libbpf returned {@code rc} as the file descriptor. */
  static int loaded(int rc) {
    return rc < 0 ? LEFT_OUT : rc;
  }

  /** {@code fd}, if it is one. */
  static int require(Object owner, int fd) {
    if (fd < 0) {
      throw new IllegalStateException(
          owner
              + switch (fd) {
                case NOT_LOADED -> " is not loaded";
                case LEFT_OUT -> " was left out of the load";
                default -> " is closed";
              });
    }
    return fd;
  }

  static void requireNotLoaded(Object owner, int fd) {
    if (fd != NOT_LOADED) {
      throw new IllegalStateException(owner + (fd == CLOSED ? " is closed" : " is loaded already"));
    }
  }
}
