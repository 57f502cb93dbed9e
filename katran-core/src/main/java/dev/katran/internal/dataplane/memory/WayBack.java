package dev.katran.internal.dataplane.memory;

import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.ParsedFrame;
import dev.katran.internal.packet.Rewriter;
import org.jspecify.annotations.Nullable;

/**
 * The way back from backends that packets are rewritten to, if it leads through the balancer;
 * {@code reverse.h} in Java.
 */
final class WayBack {

  /** A {@link ReverseKey} with its address in the format of packets. */
  record Source(Address backend, int port, int protocol) {

    static Source of(ReverseKey key) {
      return new Source(Address.of(key.backend()), key.port(), key.protocol());
    }
  }

  private final HeapIndexTable<ReverseKey, Source> sources;
  private final HeapVipTable vips;
  private final Routes routes;
  private final HeapCounters counters;

  WayBack(
      HeapIndexTable<ReverseKey, Source> sources,
      HeapVipTable vips,
      Routes routes,
      HeapCounters counters) {
    this.sources = sources;
    this.vips = vips;
    this.routes = routes;
    this.counters = counters;
  }

  /**
   * Sends a packet that is for no VIP to its client if it is the answer of a backend, and otherwise
   * leaves it to the host.
   */
  Verdict sendOrPass(Frame frame, ParsedFrame.Packet packet) {
    FiveTuple flow = packet.flow();
    HeapVipTable.VipAddress vip = vipOf(flow);
    if (vip == null
        || vip.address().isIpv6() != packet.isIpv6()
        || !flow.destination().isUnicast()
        || !Rewriter.hasHop(frame, packet.isIpv6())) {
      return Verdict.PASS;
    }
    return switch (routes.find(vip.address(), flow.destination(), packet.totalLength())) {
      case Routes.Route.Sent sent -> {
        frame.address(sent.hop());
        rewrite(frame, packet, vip, /* hops= */ 1);
        counters.add(Counter.Total.REVERSED);
        yield Verdict.TX;
      }
      case Routes.Route.Unsent unsent -> {
        if (isForHostToRoute(unsent, packet)) {
          rewrite(frame, packet, vip, /* hops= */ 0);
          counters.add(Counter.Total.REVERSED_BY_HOST);
        }
        yield Verdict.PASS;
      }
    };
  }

  /** For an error, the flow is that of the client's packet that it quotes, from its other end. */
  private HeapVipTable.@Nullable VipAddress vipOf(FiveTuple flow) {
    Integer number = sources.get(new Source(flow.source(), flow.sourcePort(), flow.protocol()));
    if (number == null) {
      number = sources.get(new Source(flow.source(), 0, flow.protocol()));
    }
    return number == null ? null : vips.addressOf(number);
  }

  /**
   * Returns whether the host is to route the packet with its new source. Otherwise the host answers
   * it or takes it: it must see who has sent it.
   */
  private static boolean isForHostToRoute(Routes.Route.Unsent unsent, ParsedFrame.Packet packet) {
    return switch (unsent) {
      case BY_HOST -> true;
      case TOO_LONG -> !packet.dontFragment();
      case NOT_FORWARDED -> false;
    };
  }

  private static void rewrite(
      Frame frame, ParsedFrame.Packet packet, HeapVipTable.VipAddress vip, int hops) {
    Rewriter.rewrite(frame, packet, vip.address(), vip.port(), Rewriter.End.SOURCE, hops);
  }
}
