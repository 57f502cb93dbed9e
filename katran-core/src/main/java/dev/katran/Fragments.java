package dev.katran;

/**
 * Selects what happens to fragments of datagrams to a {@link Vip}. Only the first fragment of a
 * datagram states its ports (RFC 791, RFC 8200). Server ids in fragments are ignored: the ring, or
 * the flow table, decides for all fragments of a datagram.
 *
 * <p>More constants may be added: a {@code switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum Fragments {
  /** Drops all fragments. */
  DROP,

  /**
   * Balances the first fragment by its ports, like a whole packet, and sends the later ones to the
   * same backend. A table has the ports of the last 16384 fragmented datagrams for 30 seconds. A
   * fragment that arrives before the first one is dropped.
   */
  FOLLOW_FIRST,

  /**
   * Balances fragments in any order, without a table, by what all packets of the VIP are balanced
   * by: addresses only. For VIPs for every port with {@link Hashing#SOURCE_ADDRESS}. Fragments to a
   * port that has a VIP of its own follow the first fragment if that VIP has {@link #FOLLOW_FIRST}.
   */
  BY_ADDRESS
}
