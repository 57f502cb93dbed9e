package dev.katran;

/** What several kinds of {@link Forwarding} demand. */
final class ForwardingTexts {

  static final String HAS_THE_VIP =
      "the backend has the VIP's address, on loopback for one: ip address add <VIP> dev lo";

  static final String ANSWERS_ITSELF =
      "the backend answers clients itself, from the VIP's address: their packets need not pass the balancer on the way back, and no router drops them for their source";

  private ForwardingTexts() {}
}
