package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Comparators;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Hashing;
import dev.katran.Ring;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.fuzz.control.FlowPacket.Kind;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A model of what the design guarantees for one VIP, derived from its ring and its flows alone. */
final class VipModel {

  /**
   * The backend of a flow.
   *
   * @param last when the flow last sent a packet that creates or refreshes a flow entry
   */
  private record Assignment(InetAddress backend, Duration last) {}

  /** How much longer than its idle time an entry may live, since its age is in coarse units. */
  private static final Duration COARSENESS = Duration.ofMillis(2200);

  private Vip vip;
  private Ring ring;

  /** Whether all changes have completed and no slot is changing or settled. */
  private boolean isQuiescent = true;

  /** The shortest change window of the changes that may not have completed. */
  private Duration shortestWindow;

  private final Map<Flow, Assignment> assignments = new LinkedHashMap<>();

  VipModel(Vip vip) {
    this.vip = vip;
    this.ring = ringOf(vip);
    this.shortestWindow = window();
  }

  private static Ring ringOf(Vip vip) {
    return Ring.of(Fixtures.LIMITS, vip.algorithm(), vip.backends());
  }

  private Duration window() {
    return vip.changeWindow().orElse(Fixtures.WINDOW);
  }

  void change(Vip after) {
    if (after.equals(vip)) {
      return;
    }
    if (after.tracking() != vip.tracking() || after.hashing() != vip.hashing()) {
      assignments.clear();
      isQuiescent = true; // flows may move, so the change completes at once
    } else {
      isQuiescent = false;
    }
    vip = after;
    ring = ringOf(after);
    shortestWindow = Comparators.min(shortestWindow, window());
    assignments.values().removeIf(assigned -> !hasBackend(assigned.backend()));
  }

  private boolean hasBackend(InetAddress backend) {
    return vip.backends().stream().anyMatch(each -> each.address().equals(backend));
  }

  /** Records that all changes have completed and all flow entries have expired. */
  void quiesce() {
    isQuiescent = true;
    shortestWindow = window();
  }

  boolean isQuiescent() {
    return isQuiescent;
  }

  Tracking tracking() {
    return vip.tracking();
  }

  /** Returns the flows that have a backend. */
  List<Flow> openFlows() {
    return List.copyOf(assignments.keySet());
  }

  /** Returns the flow reduced to the fields that are hashed. */
  private Flow hashed(Flow flow) {
    return vip.hashing() == Hashing.SOURCE_ADDRESS
        ? new Flow(flow.source(), 0, flow.destination(), flow.destinationPort(), flow.protocol())
        : flow;
  }

  /**
   * Checks the destination of a packet and updates the model.
   *
   * @param to the backend the packet was sent to, or null if it was dropped
   */
  void check(FlowPacket packet, @Nullable InetAddress to, Duration now) {
    if (to == null) {
      assertThat(ring.isEmpty()).as("the ring is empty, since %s was dropped", packet).isTrue();
    } else {
      assertThat(hasBackend(to))
          .as("%s went to %s, which is a backend of %s", packet, to, vip)
          .isTrue();
    }
    Flow key = hashed(packet.flow());
    InetAddress current = ring.backend(key).map(Backend::address).orElse(null);
    switch (vip.tracking()) {
      case NONE -> assertGoes(packet, to, current);
      case ALWAYS -> checkTracked(packet, key, to, current, now);
      case ADAPTIVE -> checkAdaptive(packet, key, to, current, now);
    }
  }

  private static void assertGoes(
      FlowPacket packet, @Nullable InetAddress to, @Nullable InetAddress... allowed) {
    assertThat(Stream.of(allowed).distinct().toList())
        .as("allowed backends of %s", packet)
        .contains(to);
  }

  private void checkAdaptive(
      FlowPacket packet,
      Flow key,
      @Nullable InetAddress to,
      @Nullable InetAddress current,
      Duration now) {
    Assignment assigned = assignments.get(key);
    boolean isSyn = packet.kind() == Kind.SYN;
    if (isQuiescent) {
      assertGoes(packet, to, current);
    } else if (isSyn) {
      assertGoes(packet, to, current); // what begins
    } else if (assigned != null && isWithin(assigned.last(), now, shortestWindow)) {
      assertGoes(packet, to, assigned.backend());
    }
    if (isInserted(packet)) {
      if (to == null) {
        assignments.remove(key);
      } else {
        assignments.put(key, new Assignment(to, now));
      }
    }
  }

  private static boolean isWithin(Duration last, Duration now, Duration time) {
    return now.minus(last).compareTo(time) < 0;
  }

  private void checkTracked(
      FlowPacket packet,
      Flow key,
      @Nullable InetAddress to,
      @Nullable InetAddress current,
      Duration now) {
    Assignment assigned = assignments.get(key);
    boolean isKnown =
        assigned != null
            && (Fixtures.isTcp(key) || isWithin(assigned.last(), now, Fixtures.UDP_IDLE));
    boolean mayBeKnown =
        assigned != null && isWithin(assigned.last(), now, Fixtures.UDP_IDLE.plus(COARSENESS));
    if (packet.kind() == Kind.SYN || !(isKnown || mayBeKnown)) {
      assertGoes(packet, to, current);
    } else if (!isKnown) {
      assertGoes(packet, to, current, assigned.backend());
    } else {
      assertGoes(packet, to, assigned.backend());
    }
    if (to != null && (isKnown || isInserted(packet))) {
      assignments.put(key, new Assignment(to, now));
    }
  }

  /** Returns whether a packet makes an entry. */
  private static boolean isInserted(FlowPacket packet) {
    return packet.kind() == Kind.SYN || packet.kind() == Kind.DATA;
  }
}
