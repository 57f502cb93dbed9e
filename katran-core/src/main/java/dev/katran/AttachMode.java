package dev.katran;

/** How the program is attached to the interface. */
public enum AttachMode {
  /** In the driver where it can, else as {@link #GENERIC}, with a warning that names the driver. */
  AUTOMATIC,
  /** In the driver, before the kernel has allocated anything for the packet; the fast way. */
  NATIVE,
  /**
   * In the network stack; works with every driver, and costs several times as much.
   *
   * <p>The stack has merged packets by then (GRO, LRO), which are too long to be forwarded: switch
   * that off, by {@code ethtool -K eth0 gro off lro off}.
   */
  GENERIC
}
