package dev.katran.examples.benchmark;

/** An address family and the addresses that benchmarks use in it. */
enum Family {
  /** 198.18.0.0/15 is reserved for benchmarks (RFC 2544). */
  V4("v4", "198.18.%d.%d", "10.0.%d.%d", "192.0.2.1"),

  /** 2001:2::/48 is reserved for benchmarks (RFC 5180). */
  V6("v6", "2001:2::%02x%02x", "fc00::%02x%02x", "2001:db8::1");

  private final String text;
  private final String vips;
  private final String backends;
  private final String source;

  Family(String text, String vips, String backends, String source) {
    this.text = text;
    this.vips = vips;
    this.backends = backends;
    this.source = source;
  }

  /** Returns the address of a VIP by its number, from 0. */
  String vip(int number) {
    return numbered(vips, number + 1);
  }

  /** Returns the address of a backend by its number, from 0. */
  String backend(int number) {
    return numbered(backends, number + 1);
  }

  /** Returns the outer source address of the balancer. */
  String source() {
    return source;
  }

  /** Returns the address whose last two bytes are a number. */
  private static String numbered(String address, int number) {
    return address.formatted(number >> 8, number & 0xff);
  }

  @Override
  public String toString() {
    return text;
  }
}
