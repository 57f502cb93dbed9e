package dev.katran.dataplane;

/**
 * What the program must be able to do: it is loaded for this, and pays for nothing else. What is
 * fixed when a dataplane is opened (the {@link DataplaneConfig}) is not repeated here.
 *
 * @param vipFlags the {@link VipFlags} that any VIP has
 * @param gue whether any backend takes GUE
 * @param prefixVips whether any VIP stands for a prefix
 * @param changes whether any ring may have slots that are not stable
 */
public record Features(int vipFlags, boolean gue, boolean prefixVips, boolean changes) {

  /** The same without changes. */
  public Features(int vipFlags, boolean gue, boolean prefixVips) {
    this(vipFlags, gue, prefixVips, false);
  }

  /** Nothing beyond the plain function of the flow. */
  public static final Features NONE = new Features(0, false, false, false);

  /** Everything. */
  public static final Features ALL = new Features(VipFlags.ALL, true, true, true);

  /** What either of both can do. */
  public Features and(Features other) {
    return new Features(
        vipFlags | other.vipFlags,
        gue || other.gue,
        prefixVips || other.prefixVips,
        changes || other.changes);
  }

  /** Whether there is a flow table. */
  public boolean remembersFlows() {
    return changes || (vipFlags & VipFlags.TRACKED) != 0;
  }
}
