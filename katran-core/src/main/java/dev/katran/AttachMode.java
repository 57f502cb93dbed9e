package dev.katran;

/**
 * How the program is attached to the interface.
 *
 * @since 0.1.0
 */
public enum AttachMode {
  /**
   * {@link #NATIVE} if the driver supports it, otherwise {@link #GENERIC} with a warning in the
   * log.
   */
  AUTOMATIC,
  /** In the driver, before the kernel allocates anything for the packet. The fast mode. */
  NATIVE,
  /**
   * In the network stack. Works with every driver, at several times the cost.
   *
   * <p>The stack has already merged packets (GRO, LRO), which are then too long to be forwarded.
   * Turn that off with {@code ethtool -K eth0 gro off lro off}.
   */
  GENERIC
}
