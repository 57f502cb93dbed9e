package dev.katran.internal.dataplane.memory;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.dataplane.TableCapacity;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.ParsedFrame;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the ports of fragmented datagrams, which only the first fragment of each states; {@code
 * fragment.h} in Java. The least recently used datagram makes room for a new one.
 */
final class HeapFragments {

  /**
   * A datagram. IPv6 has no protocol there: fragments of a datagram may state different ones (RFC
   * 8200, section 4.5).
   */
  private record Datagram(Address source, Address destination, int identification, int protocol) {}

  /**
   * What the first fragment of a datagram told.
   *
   * @param flow the flow, in the form that the VIP hashes
   * @param time when it came
   */
  private record Remembered(FiveTuple flow, long time) {}

  private final Map<Datagram, Remembered> datagrams =
      new LinkedHashMap<>(16, 0.75f, /* accessOrder= */ true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Datagram, Remembered> eldest) {
          return size() > TableCapacity.FRAGMENTS;
        }
      };

  private final long nanos;
  private final LongSupplier clock;

  HeapFragments(Duration time, LongSupplier clock) {
    this.nanos = time.toNanos();
    this.clock = clock;
  }

  /** Remembers the first fragment of a datagram. */
  void remember(ParsedFrame.Packet first, FiveTuple flow) {
    datagrams.put(datagram(first), new Remembered(flow, clock.getAsLong()));
  }

  /** Returns the flow of a later fragment, or null if no first one came before, or long before. */
  @Nullable FiveTuple recall(ParsedFrame.Packet later) {
    Remembered remembered = datagrams.get(datagram(later));
    return remembered == null || clock.getAsLong() - remembered.time() >= nanos
        ? null
        : remembered.flow();
  }

  private static Datagram datagram(ParsedFrame.Packet fragment) {
    FiveTuple flow = fragment.flow();
    return new Datagram(
        flow.source(),
        flow.destination(),
        requireNonNull(fragment.special()).identification(),
        fragment.isIpv6() ? 0 : flow.protocol());
  }
}
