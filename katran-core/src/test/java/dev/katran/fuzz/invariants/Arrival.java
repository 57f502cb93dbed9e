package dev.katran.fuzz.invariants;

import dev.katran.Decapsulation;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.TunnelAction;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A frame that arrived, and what becomes of it when the tunnels that end here are removed.
 *
 * @param ethernet the header of the frame as it came in
 * @param stages the frame as it came in, then without its first tunnel, and so on
 * @param ending what must happen to the last stage
 */
record Arrival(Ethernet ethernet, List<Stage> stages, Ending ending) {

  /**
   * A frame after some tunnels were removed.
   *
   * @param packet the outermost packet, or null if there is no readable one
   * @param before the same packet before it left its tunnel, or null if there is no readable one
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Stage(byte[] frame, @Nullable IpPacket packet, @Nullable IpPacket before) {

    private static Stage of(byte[] frame, boolean isIpv6) {
      IpPacket packet = IpPacket.read(frame, Ethernet.HEADER, frame.length, isIpv6);
      return new Stage(frame, packet, packet);
    }

    /** Returns whether the IPv4 header checksum was right before the TTL changed. */
    boolean checksumWasRight() {
      return before != null && before.hasRightChecksum();
    }
  }

  /** What must happen to a frame without its tunnels. */
  enum Ending {
    /** It is no IP packet, so it passes. */
    NO_IP,
    /** A version or a length is wrong: it must not be sent. */
    MALFORMED,
    /** It is balanced. */
    BALANCE,
    /** It leaves the way it came. */
    EGRESS,
    /** It passes. */
    PASS,
    /** The TTL of a packet in a tunnel is used up: it is dropped. */
    EXPIRED,
    /** A mark of congestion cannot be kept, because the sender would not understand it. */
    CONGESTED,
    /** It came in a tunnel and is for no VIP: it is dropped. */
    REFUSED
  }

  /** The tunnels in tunnels that the program removes. */
  private static final int MAX_TUNNELS = 4;

  private static final int NOT_ECT = 0;
  private static final int ECT_1 = 1;
  private static final int ECT_0 = 2;
  private static final int CE = 3;

  /** Follows a frame of at least 14 bytes. */
  static Arrival of(byte[] frame, DataplaneConfig config, Installed installed) {
    Ethernet ethernet = Ethernet.read(frame);
    List<Stage> stages = new ArrayList<>();
    if (!ethernet.isIp()) {
      stages.add(new Stage(frame, null, null));
      return new Arrival(ethernet, stages, Ending.NO_IP);
    }
    stages.add(Stage.of(frame, ethernet.isIpv6()));
    Ending ending = null;
    for (int removed = 0; ending == null && removed < MAX_TUNNELS; removed++) {
      ending = removeTunnel(stages, config, installed);
    }
    if (ending == null) {
      ending = isSound(stages.getLast().packet()) ? Ending.BALANCE : Ending.MALFORMED;
    }
    boolean isDelivered = ending == Ending.BALANCE || ending == Ending.PASS;
    IpPacket last = stages.getLast().packet();
    if (isDelivered
        && stages.size() > 1
        && config.innerVipsOnly()
        && last != null
        && !Vips.answersPing(installed, last.destination())) {
      ending = Ending.REFUSED;
    }
    return new Arrival(ethernet, stages, ending);
  }

  /** Adds a stage for the outermost tunnel, if it ends here. Returns null to go on. */
  private static @Nullable Ending removeTunnel(
      List<Stage> stages, DataplaneConfig config, Installed installed) {
    Stage stage = stages.getLast();
    IpPacket outer = stage.packet();
    if (outer == null || !isSound(outer)) {
      return Ending.MALFORMED;
    }
    Tunnel tunnel =
        config.decapsulation() == Decapsulation.OFF
            ? null
            : Tunnel.read(outer, config.gue().port());
    if (tunnel == null || !isTrusted(outer, config)) {
      return Ending.BALANCE;
    }
    Integer action = installed.tunnelEndpoints().get(outer.destination());
    Ending afterwards = Ending.PASS;
    if (action != null && action == TunnelAction.RECIRCULATE) {
      afterwards = null;
    } else if (action != null && tunnel.isGue()) {
      afterwards = Ending.EGRESS;
    } else if (config.decapsulation() == Decapsulation.STRICT && !isOurs(outer, config)) {
      return Ending.PASS;
    }
    IpPacket inner = tunnel.isWellFormed() ? tunnel.inner() : null;
    if (inner == null) {
      return Ending.MALFORMED;
    }
    stages.add(without(stage.frame(), tunnel, inner));
    if (!inner.isWellFormed()) {
      return Ending.MALFORMED;
    }
    if (inner.ttl() <= 1) {
      return Ending.EXPIRED;
    }
    return inner.ecn() == NOT_ECT && outer.ecn() == CE ? Ending.CONGESTED : afterwards;
  }

  private static boolean isSound(@Nullable IpPacket packet) {
    return packet != null && packet.isWellFormed() && packet.hasTransportHeader();
  }

  private static boolean isTrusted(IpPacket outer, DataplaneConfig config) {
    return config.tunnelSources().isEmpty()
        || config.tunnelSources().stream().anyMatch(prefix -> prefix.contains(outer.source()));
  }

  static boolean isOurs(IpPacket outer, DataplaneConfig config) {
    InetAddress ours = outer.isIpv6() ? config.gue().sourceV6() : config.gue().sourceV4();
    return outer.destination().equals(ours);
  }

  private static Stage without(byte[] frame, Tunnel tunnel, IpPacket inner) {
    int length = frame.length - tunnel.innerStart();
    ByteBuffer stripped =
        ByteBuffer.allocate(Ethernet.HEADER + length)
            .put(frame, 0, Ethernet.TYPE)
            .putShort((short) (inner.isIpv6() ? Ethernet.IPV6 : Ethernet.IPV4))
            .put(frame, tunnel.innerStart(), length);
    int ttl = Math.max(0, inner.ttl() - 1);
    stripped.put(Ethernet.HEADER + inner.ttlOffset(), (byte) ttl);
    int trafficClass = (inner.trafficClass() & ~3) | ecn(inner.ecn(), tunnel.outer().ecn());
    if (inner.isIpv6()) {
      int first = stripped.getInt(Ethernet.HEADER) & ~(0xff << 20);
      stripped.putInt(Ethernet.HEADER, first | (trafficClass << 20));
    } else {
      stripped.put(Ethernet.HEADER + 1, (byte) trafficClass);
    }
    int available = Ethernet.HEADER + tunnel.innerEnd() - tunnel.innerStart();
    byte[] bytes = stripped.array();
    return new Stage(
        bytes,
        IpPacket.read(bytes, Ethernet.HEADER, Math.min(bytes.length, available), inner.isIpv6()),
        inner);
  }

  /** Returns the mark of a packet that leaves a tunnel: RFC 6040, figure 4. */
  private static int ecn(int inner, int outer) {
    return switch (outer) {
      case CE -> inner == NOT_ECT ? NOT_ECT : CE;
      case ECT_1 -> inner == ECT_0 ? ECT_1 : inner;
      default -> inner;
    };
  }

  /** Returns the frame without its tunnels. */
  Stage last() {
    return stages.getLast();
  }

  /** Returns whether a tunnel ended here. */
  boolean wasInTunnel() {
    return stages.size() > 1;
  }

  boolean isTo(dev.katran.internal.net.MacAddress mac) {
    return Arrays.equals(ethernet.destination().getAddress(), mac.toBytes());
  }

  boolean isToGroup() {
    return Ethernet.isGroup(ethernet.destination());
  }
}
