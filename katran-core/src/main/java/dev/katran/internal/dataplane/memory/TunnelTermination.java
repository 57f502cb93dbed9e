package dev.katran.internal.dataplane.memory;

import static dev.katran.internal.packet.Frame.NETWORK;

import dev.katran.Decapsulation;
import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Checksum;
import dev.katran.internal.packet.Ecn;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.Tunnel;
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

  private final boolean anySource;
  private final PrefixTable<Boolean> sources = new PrefixTable<>();
  private final boolean innerVipsOnly;
  private final HeapVipTable vips;
  private final Decapsulation decapsulation;
  private final int guePort;
  private final @Nullable Address sourceV4;
  private final @Nullable Address sourceV6;
  private final HeapIndexTable<InetAddress, Address> tunnelEndpoints;
  private final HeapCounters counters;

  TunnelTermination(
      DataplaneConfig config,
      HeapIndexTable<InetAddress, Address> tunnelEndpoints,
      HeapVipTable vips,
      HeapCounters counters) {
    this.anySource = config.tunnelSources().isEmpty();
    config
        .tunnelSources()
        .forEach(prefix -> sources.put(Address.of(prefix.address()), prefix.length(), true));
    this.innerVipsOnly = config.innerVipsOnly();
    this.vips = vips;
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

  /**
   * Removes and counts all tunnel headers that end here. Drops inner packets that are for no VIP,
   * unless they are to be accepted: a tunnel must not lead strangers to the host.
   */
  Outcome terminate(Frame frame, Features features) {
    if (decapsulation == Decapsulation.OFF) {
      return new Outcome.Continue(false);
    }
    int length = frame.length();
    Outcome outcome = removeTunnels(frame);
    boolean isDelivered = outcome instanceof Outcome.Continue || outcome.equals(PASS);
    if (!innerVipsOnly
        || !isDelivered
        || frame.length() == length
        || vips.isVipAddress(frame.destination(), features)) {
      return outcome;
    }
    counters.add(Counter.Total.TUNNELS_REFUSED);
    return DROP;
  }

  private Outcome removeTunnels(Frame frame) {
    for (int removed = 0; removed < MAX_TUNNELS; removed++) {
      Tunnel tunnel = TunnelParser.parse(frame, guePort);
      if (tunnel == null || !isTrusted(tunnel)) {
        return new Outcome.Continue(removed > 0);
      }
      Outcome outcome = decapsulate(frame, tunnel);
      if (outcome != null) {
        return outcome;
      }
    }
    return new Outcome.Continue(true);
  }

  /** Returns whether tunnels from the outer source may end here. */
  private boolean isTrusted(Tunnel tunnel) {
    return anySource || sources.find(tunnel.source()) != null;
  }

  /** Removes one tunnel header. Returns null if the inner packet must be balanced. */
  private @Nullable Outcome decapsulate(Frame frame, Tunnel tunnel) {
    Action action = action(tunnel);
    if (action == Action.PASS && decapsulation == Decapsulation.STRICT && !isOurs(tunnel)) {
      return PASS;
    }
    if (!tunnel.isInnerWellFormed(frame)) {
      counters.add(Counter.Total.MALFORMED);
      return DROP;
    }
    if (!Ecn.carry(frame, tunnel.inner(), tunnel.innerIsIpv6(), tunnel.trafficClass())) {
      counters.add(Counter.Total.CONGESTED);
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

  private Action action(Tunnel tunnel) {
    Integer value = tunnelEndpoints.get(tunnel.destination());
    if (value == null) {
      return Action.PASS;
    }
    if (value == TunnelAction.RECIRCULATE) {
      return Action.RECIRCULATE;
    }
    return tunnel.isGue() ? Action.EGRESS : Action.PASS;
  }

  private boolean isOurs(Tunnel tunnel) {
    return tunnel.destination().equals(tunnel.isIpv6() ? sourceV6 : sourceV4);
  }

  private void count(Tunnel tunnel, Counter.Total v4, Counter.Total v6) {
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
