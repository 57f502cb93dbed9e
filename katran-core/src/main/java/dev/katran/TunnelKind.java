package dev.katran;

/**
 * A kind of tunnel, see {@link Decapsulator#decapsulated(TunnelKind)}. More constants may be added:
 * a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum TunnelKind {
  /** IPv4 in IPv4 (RFC 2003). */
  IPIP,
  /** IPv6 in IPv4 (RFC 4213). */
  IPV6_IN_IPV4,
  /** IPv4 in IPv6 (RFC 2473). */
  IPV4_IN_IPV6,
  /** IPv6 in IPv6 (RFC 2473). */
  IPV6_IN_IPV6,
  /** IPv4 or IPv6 in UDP (GUE, variant 1). */
  GUE
}
