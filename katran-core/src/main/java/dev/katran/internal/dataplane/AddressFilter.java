package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableSet;
import dev.katran.Prefix;

/** Selects addresses that a decapsulator accepts. */
public sealed interface AddressFilter {

  /** Accepts all addresses. */
  record Any() implements AddressFilter {}

  /** Accepts the addresses of these prefixes. */
  record Listed(ImmutableSet<Prefix> prefixes) implements AddressFilter {}

  /** Accepts the addresses of this host, in the network namespace of the thread that opens it. */
  record OfHost() implements AddressFilter {}
}
