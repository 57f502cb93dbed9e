package dev.katran;

/** The switches of a {@link Vip}. */
enum VipOption {
  QUIC("quic", true),
  UDP_STABLE_ROUTING("udpStableRouting", true),
  UDP_FLOW_MIGRATION("udpFlowMigration", true),
  SOURCE_ROUTING("sourceRouting", false),
  LOCAL_DELIVERY("localDelivery", false);

  private final String label;
  private final boolean needsUdp;

  VipOption(String label, boolean needsUdp) {
    this.label = label;
    this.needsUdp = needsUdp;
  }

  /** Returns the name of the builder's method. */
  String label() {
    return label;
  }

  /** Returns whether only UDP VIPs can have it. */
  boolean needsUdp() {
    return needsUdp;
  }
}
