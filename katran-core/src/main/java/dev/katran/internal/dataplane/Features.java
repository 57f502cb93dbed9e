package dev.katran.internal.dataplane;

/**
 * The features that the program is specialised for. Code of other features is not loaded and costs
 * nothing. Options that are fixed when a dataplane is opened are in {@link DataplaneConfig}.
 *
 * @param vipFlags the union of all VIPs' {@link VipFlags}
 * @param gue whether any backend uses GUE
 * @param prefixVips whether any VIP covers a prefix
 * @param changes whether any ring may have slots that are not stable
 * @param rewrites whether any backend is rewritten to
 * @param directs whether any backend is delivered to directly
 */
public record Features(
    int vipFlags,
    boolean gue,
    boolean prefixVips,
    boolean changes,
    boolean rewrites,
    boolean directs) {

  /** Creates features with nothing but tunnels. */
  public Features(int vipFlags, boolean gue, boolean prefixVips, boolean changes) {
    this(vipFlags, gue, prefixVips, changes, false, false);
  }

  /** Creates features without ring changes. */
  public Features(int vipFlags, boolean gue, boolean prefixVips) {
    this(vipFlags, gue, prefixVips, false);
  }

  /** No optional feature: the backend is a pure function of the flow. */
  public static final Features NONE = new Features(0, false, false, false);

  /** All features. */
  public static final Features ALL = new Features(VipFlags.ALL, true, true, true, true, true);

  /** Returns the union of these features and others. */
  public Features and(Features other) {
    return new Features(
        vipFlags | other.vipFlags,
        gue || other.gue,
        prefixVips || other.prefixVips,
        changes || other.changes,
        rewrites || other.rewrites,
        directs || other.directs);
  }

  /** Returns whether the program uses the flow table. */
  public boolean tracksFlows() {
    return changes || (vipFlags & VipFlags.TRACKED) != 0;
  }
}
