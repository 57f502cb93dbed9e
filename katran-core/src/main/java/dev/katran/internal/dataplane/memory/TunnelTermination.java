package dev.katran.internal.dataplane.memory;

import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.Decapsulation;
import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Checksum;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Outermost;
import dev.katran.internal.packet.TunnelParser;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Decapsulates tunnels that end at the balancer; {@code tunnel.h} in Java. */
final class TunnelTermination {

  /** The result for a frame. */
  sealed interface Outcome {

    /** The frame has its final verdict. */
    record Decided(Verdict verdict) implements Outcome {}

    /** The frame, now without tunnel headers, must be balanced. */
    record Continue(boolean wasDecapsulated) implements Outcome {}
  }

  /** A {@link TunnelAction}, or {@code PASS} if none applies to the tunnel. */
  private enum Action {
    RECIRCULATE,
    EGRESS,
    PASS
  }

  /** The maximum number of nested tunnels. The BPF verifier requires a bound. */
  private static final int MAX_TUNNELS = 4;

  private static final Outcome DROP = new Outcome.Decided(Verdict.DROP);
  private static final Outcome PASS = new Outcome.Decided(Verdict.PASS);
  private static final Outcome TX = new Outcome.Decided(Verdict.TX);

  private final Decapsulation decapsulation;
  private final int guePort;
  private final @Nullable Address sourceV4;
  private final @Nullable Address sourceV6;
  private final HeapIndexTable<InetAddress, Address> tunnelEndpoints;
  private final HeapCounters counters;

  TunnelTermination(
      DataplaneConfig config,
      HeapIndexTable<InetAddress, Address> tunnelEndpoints,
      HeapCounters counters) {
    this.decapsulation = config.decapsulation();
    this.guePort = config.gue().port();
    this.sourceV4 = addressOrNull(config.gue().sourceV4());
    this.sourceV6 = addressOrNull(config.gue().sourceV6());
    this.tunnelEndpoints = tunnelEndpoints;
    this.counters = counters;
  }

  private static @Nullable Address addressOrNull(@Nullable InetAddress address) {
    return address == null ? null : Address.of(address);
  }

  /** Removes and counts all tunnel headers that end here. */
  Outcome terminate(Frame frame) {
    if (decapsulation == Decapsulation.OFF) {
      return new Outcome.Continue(false);
    }
    for (int removed = 0; removed < MAX_TUNNELS; removed++) {
      switch (TunnelParser.parse(frame, guePort)) {
        case Outermost.Other other -> {
          return other == Outermost.Other.UNREADABLE ? DROP : new Outcome.Continue(removed > 0);
        }
        case Outermost.Tunnel tunnel -> {
          Outcome outcome = decapsulate(frame, tunnel);
          if (outcome != null) {
            return outcome;
          }
        }
      }
    }
    return new Outcome.Continue(true);
  }

  /** Removes one tunnel header. Returns null if the inner packet must be balanced. */
  private @Nullable Outcome decapsulate(Frame frame, Outermost.Tunnel tunnel) {
    Action action = action(tunnel);
    if (action == Action.PASS && decapsulation == Decapsulation.STRICT && !isOurs(tunnel)) {
      return PASS;
    }
    int innerHeader = tunnel.innerIsIpv6() ? Frame.IPV6_HEADER : Frame.IPV4_HEADER;
    if (frame.length() < NETWORK + tunnel.headers() + innerHeader) {
      return DROP;
    }
    frame.popHeaders(
        tunnel.headers(), tunnel.innerIsIpv6() ? Frame.ETHERTYPE_IPV6 : Frame.ETHERTYPE_IPV4);
    count(tunnel, Counter.Total.DECAPSULATED_V4, Counter.Total.DECAPSULATED_V6);
    if (!decrementTtl(frame, tunnel.innerIsIpv6())) {
      return DROP;
    }
    return switch (action) {
      case RECIRCULATE -> {
        count(tunnel, Counter.Total.RECIRCULATED_V4, Counter.Total.RECIRCULATED_V6);
        yield null;
      }
      case EGRESS -> {
        count(tunnel, Counter.Total.EGRESS_V4, Counter.Total.EGRESS_V6);
        frame.swapMacs();
        yield TX;
      }
      case PASS -> PASS;
    };
  }

  private Action action(Outermost.Tunnel tunnel) {
    Integer value = tunnelEndpoints.get(tunnel.destination());
    if (value == null) {
      return Action.PASS;
    }
    if (value == TunnelAction.RECIRCULATE) {
      return Action.RECIRCULATE;
    }
    return tunnel.isGue() ? Action.EGRESS : Action.PASS;
  }

  private boolean isOurs(Outermost.Tunnel tunnel) {
    return tunnel.destination().equals(tunnel.isIpv6() ? sourceV6 : sourceV4);
  }

  private void count(Outermost.Tunnel tunnel, Counter.Total v4, Counter.Total v6) {
    counters.add(tunnel.isIpv6() ? v6 : v4);
  }

  /** Decrements the TTL or hop limit. Returns false if it reaches 0 or was 0. */
  private static boolean decrementTtl(Frame frame, boolean isIpv6) {
    int offset = NETWORK + (isIpv6 ? 7 : 8);
    int ttl = frame.unsignedByte(offset);
    if (ttl == 0) {
      return false;
    }
    int ttlAndProtocol = frame.unsignedShort(NETWORK + 8);
    frame.putByte(offset, ttl - 1);
    if (!isIpv6) {
      frame.putShort(
          NETWORK + 10,
          Checksum.updated(
              frame.unsignedShort(NETWORK + 10), ttlAndProtocol, frame.unsignedShort(NETWORK + 8)));
    }
    return ttl > 1;
  }
}
