package dev.katran;

/**
 * A transport protocol that can be balanced. More constants may be added: a {@code switch} over
 * this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum Protocol {
  /** Transmission Control Protocol, RFC 9293. */
  TCP(6, "tcp"),

  /** User Datagram Protocol, RFC 768, which includes QUIC. */
  UDP(17, "udp");

  private final int number;
  private final String label;

  Protocol(int number, String label) {
    this.number = number;
    this.label = label;
  }

  /** Returns the protocol number that IANA assigned, as it stands in IP headers. */
  public int number() {
    return number;
  }

  /** Returns the word in front of an address: {@code tcp 203.0.113.10:443}. */
  String label() {
    return label;
  }
}
