package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.packet.Address;

/** The keys of the way back from rewriting backends; {@code reverse.h} in Java. */
final class ReverseTable {

  /** A {@link ReverseKey} with its address in the format of packets. */
  record Key(Address backend, int port, int protocol) {}

  private ReverseTable() {}

  static Key key(ReverseKey key) {
    return new Key(Address.of(key.backend()), key.port(), key.protocol());
  }
}
