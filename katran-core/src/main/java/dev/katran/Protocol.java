package dev.katran;

/** A transport protocol that is balanced. */
public enum Protocol {
  /** Transmission Control Protocol, RFC 9293. */
  TCP(6, "tcp"),

  /** User Datagram Protocol, RFC 768; QUIC comes under it. */
  UDP(17, "udp");

  private final int number;
  private final String label;

  Protocol(int number, String label) {
    this.number = number;
    this.label = label;
  }

  /** The protocol's number in an IP header, as IANA assigned it. */
  public int number() {
    return number;
  }

  /** As it is written in front of an address: {@code tcp 203.0.113.10:443}. */
  String label() {
    return label;
  }
}
