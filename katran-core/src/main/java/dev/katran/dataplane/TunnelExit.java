package dev.katran.dataplane;

import static dev.katran.dataplane.Frame.NETWORK;

import dev.katran.Decapsulation;
import dev.katran.Verdict;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** Takes off the tunnels that end here, before a frame is balanced. */
final class TunnelExit {

  /** What becomes of a frame here. */
  sealed interface Outcome {

    /** It is not balanced. */
    record Settled(Verdict verdict) implements Outcome {}

    /** It is balanced as it is now. */
    record Balanced(boolean wasDecapsulated) implements Outcome {}
  }

  /** {@code KATRAN_RECIRCULATE} and {@code KATRAN_EGRESS} of the ABI, and what is in neither. */
  private enum Mode {
    RECIRCULATE,
    EGRESS,
    PASS
  }

  private static final int RECIRCULATE = Dataplane.RECIRCULATE;

  /** How many tunnels in each other are taken off: the kernel wants loops to end. */
  private static final int MOST = 4;

  private static final Outcome DROP = new Outcome.Settled(Verdict.DROP);
  private static final Outcome PASS = new Outcome.Settled(Verdict.PASS);
  private static final Outcome TX = new Outcome.Settled(Verdict.TX);

  private final Decapsulation decapsulation;
  private final int guePort;
  private final @Nullable Address sourceV4;
  private final @Nullable Address sourceV6;
  private final HashNumberTable<InetAddress, Address> tunnelEnds;
  private final CounterTable counters;

  TunnelExit(
      DataplaneConfig config,
      HashNumberTable<InetAddress, Address> tunnelEnds,
      CounterTable counters) {
    this.decapsulation = config.decapsulation();
    this.guePort = config.gue().port();
    this.sourceV4 = addressOrNull(config.gue().sourceV4());
    this.sourceV6 = addressOrNull(config.gue().sourceV6());
    this.tunnelEnds = tunnelEnds;
    this.counters = counters;
  }

  private static @Nullable Address addressOrNull(@Nullable InetAddress address) {
    return address == null ? null : Address.of(address);
  }

  /** Takes off what there is to take off, and counts it. */
  Outcome leave(Frame frame) {
    if (decapsulation == Decapsulation.OFF) {
      return new Outcome.Balanced(false);
    }
    for (int taken = 0; taken < MOST; taken++) {
      switch (TunnelParser.read(frame, guePort)) {
        case Outermost.Other other -> {
          return other == Outermost.Other.UNREADABLE ? DROP : new Outcome.Balanced(taken > 0);
        }
        case Outermost.Tunnel tunnel -> {
          Outcome settled = takeOff(frame, tunnel);
          if (settled != null) {
            return settled;
          }
        }
      }
    }
    return new Outcome.Balanced(true);
  }

  /** Null to go on with what was in the tunnel. */
  private @Nullable Outcome takeOff(Frame frame, Outermost.Tunnel tunnel) {
    Mode mode = mode(tunnel);
    if (mode == Mode.PASS && decapsulation == Decapsulation.STRICT && !isOurs(tunnel)) {
      return PASS;
    }
    int innerHeader = tunnel.innerIsIpv6() ? Frame.IPV6_HEADER : Frame.IPV4_HEADER;
    if (frame.length() < NETWORK + tunnel.headers() + innerHeader) {
      return DROP;
    }
    frame.popHeaders(
        tunnel.headers(), tunnel.innerIsIpv6() ? Frame.ETHERTYPE_IPV6 : Frame.ETHERTYPE_IPV4);
    count(tunnel, Counter.Total.DECAPSULATED_V4, Counter.Total.DECAPSULATED_V6);
    if (!hopsRemain(frame, tunnel.innerIsIpv6())) {
      return DROP;
    }
    return switch (mode) {
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

  private Mode mode(Outermost.Tunnel tunnel) {
    Integer end = tunnelEnds.get(tunnel.destination());
    if (end == null) {
      return Mode.PASS;
    }
    if (end == RECIRCULATE) {
      return Mode.RECIRCULATE;
    }
    return tunnel.isGue() ? Mode.EGRESS : Mode.PASS;
  }

  private boolean isOurs(Outermost.Tunnel tunnel) {
    return tunnel.destination().equals(tunnel.isIpv6() ? sourceV6 : sourceV4);
  }

  private void count(Outermost.Tunnel tunnel, Counter.Total v4, Counter.Total v6) {
    counters.add(tunnel.isIpv6() ? v6 : v4);
  }

  /** Counts a hop of the packet down. False if it was its last one, or if it had none. */
  private static boolean hopsRemain(Frame frame, boolean isIpv6) {
    int offset = NETWORK + (isIpv6 ? 7 : 8);
    int hops = frame.unsignedByte(offset);
    if (hops == 0) {
      return false;
    }
    int ttlAndProtocol = frame.unsignedShort(NETWORK + 8);
    frame.putByte(offset, hops - 1);
    if (!isIpv6) {
      frame.putShort(
          NETWORK + 10,
          Checksum.updated(
              frame.unsignedShort(NETWORK + 10), ttlAndProtocol, frame.unsignedShort(NETWORK + 8)));
    }
    return hops > 1;
  }
}
