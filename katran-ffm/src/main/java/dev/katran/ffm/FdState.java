package dev.katran.ffm;

/**
 * The states of a map or program without a file descriptor, stored as negative numbers in the
 * descriptor's field.
 */
final class FdState {

  static final int NOT_LOADED = -1;
  static final int LEFT_OUT = -2;
  static final int CLOSED = -3;

  private FdState() {}

  /** Returns the state after a load in which libbpf reported the file descriptor {@code rc}. */
  static int loaded(int rc) {
    return rc < 0 ? LEFT_OUT : rc;
  }

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
      throw new IllegalStateException(owner + (fd == CLOSED ? " is closed" : " is already loaded"));
    }
  }
}
