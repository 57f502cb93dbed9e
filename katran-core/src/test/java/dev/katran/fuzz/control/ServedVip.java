package dev.katran.fuzz.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Comparators;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Hashing;
import dev.katran.Ring;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.fuzz.control.Segment.Kind;
import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the design promises of a VIP, with nothing but its flows and who serves it now. */
final class ServedVip {

  /**
   * Where a flow is.
   *
   * @param last when it has sent a packet by which it would be known
   * @param isCertain whether it may stay there: one that began in a flood has to send once more
   */
  private record Home(InetAddress backend, Duration last, boolean isCertain) {}

  private Vip vip;
  private Ring ring;

  /** Whether nothing is left of any change. */
  private boolean isAtRest = true;

  /** Longer than this no entry of the flow table counts. */
  private Duration longestIdle;

  private final Map<Flow, Home> homes = new LinkedHashMap<>();

  /** When the last packet came in of each flow of which there may be an entry. */
  private final Map<Flow, Duration> seen = new LinkedHashMap<>();

  ServedVip(Vip vip) {
    this.vip = vip;
    this.ring = ringOf(vip);
    this.longestIdle = longestIdle(Cast.WINDOW);
  }

  private static Ring ringOf(Vip vip) {
    return Ring.of(Cast.LIMITS, vip.algorithm(), vip.backends());
  }

  private Duration longestIdle(Duration before) {
    return Comparators.max(before, vip.idleTime());
  }

  void change(Vip after) {
    if (after.equals(vip)) {
      return;
    }
    if (after.tracking() != vip.tracking() || after.hashing() != vip.hashing()) {
      homes.clear();
      seen.clear();
      isAtRest = true; // flows have no right to stay, so that nothing is left to be done
    } else {
      isAtRest = false;
    }
    vip = after;
    ring = ringOf(after);
    longestIdle = longestIdle(longestIdle);
    homes.values().removeIf(home -> !serves(home.backend()));
  }

  private boolean serves(InetAddress backend) {
    return vip.backends().stream().anyMatch(each -> each.address().equals(backend));
  }

  /** A long time has passed. */
  void rest() {
    isAtRest = true;
  }

  boolean isAtRest() {
    return isAtRest;
  }

  Tracking tracking() {
    return vip.tracking();
  }

  /** The flows that are somewhere. */
  List<Flow> openFlows() {
    return List.copyOf(homes.keySet());
  }

  /** How long a flow must be silent at most that a change is to leave where it is. */
  Duration longestIdle() {
    return longestIdle;
  }

  /** All that is hashed of a flow. */
  private Flow name(Flow flow) {
    return vip.hashing() == Hashing.SOURCE_ADDRESS
        ? new Flow(flow.source(), 0, flow.destination(), flow.destinationPort(), flow.protocol())
        : flow;
  }

  /**
   * A packet has come in.
   *
   * @param to where it went; null if it was dropped
   * @param isFlood whether it is a SYN, and there have been so many that this may not be entered
   */
  void check(Segment segment, @Nullable InetAddress to, Duration now, boolean isFlood) {
    if (to == null) {
      assertThat(ring.isEmpty()).as("%s is dropped, so the ring is empty", segment).isTrue();
    } else {
      assertThat(serves(to)).as("%s goes to %s, which serves %s", segment, to, vip).isTrue();
    }
    Flow name = name(segment.flow());
    InetAddress current = ring.backend(name).map(Backend::address).orElse(null);
    switch (vip.tracking()) {
      case NONE -> assertGoes(segment, to, current);
      case ALWAYS -> checkTracked(segment, name, to, current, now);
      case ADAPTIVE -> checkAdaptive(segment, name, to, current, now, isFlood);
    }
  }

  private static void assertGoes(
      Segment segment, @Nullable InetAddress to, @Nullable InetAddress... allowed) {
    assertThat(Stream.of(allowed).distinct().toList()).as("where %s may go", segment).contains(to);
  }

  private void checkAdaptive(
      Segment segment,
      Flow name,
      @Nullable InetAddress to,
      @Nullable InetAddress current,
      Duration now,
      boolean isFlood) {
    Home home = homes.get(name);
    boolean isSyn = segment.kind() == Kind.SYN;
    if (isAtRest) {
      assertGoes(segment, to, current);
    } else if (home != null && home.isCertain() && isWithin(home.last(), now, Cast.WINDOW)) {
      if (isSyn) {
        assertGoes(segment, to, home.backend(), current); // sent again, or a new one
      } else {
        assertGoes(segment, to, home.backend());
      }
    } else if (isSyn && !isFlood && isForgotten(name, now)) {
      assertGoes(segment, to, current);
    }
    seen.put(name, now);
    if (isSyn || segment.kind() == Kind.DATA) {
      if (to == null) {
        homes.remove(name);
      } else {
        homes.put(name, new Home(to, now, !isFlood));
      }
    }
  }

  private static boolean isWithin(Duration last, Duration now, Duration time) {
    return now.minus(last).compareTo(time) < 0;
  }

  private boolean isForgotten(Flow name, Duration now) {
    Duration last = seen.get(name);
    return last == null || now.minus(last).compareTo(longestIdle) > 0;
  }

  private void checkTracked(
      Segment segment,
      Flow name,
      @Nullable InetAddress to,
      @Nullable InetAddress current,
      Duration now) {
    Home home = homes.get(name);
    boolean isKnown =
        home != null && (Cast.isTcp(name) || isWithin(home.last(), now, Cast.UDP_IDLE));
    if (segment.kind() == Kind.SYN || !isKnown) {
      assertGoes(segment, to, current);
    } else {
      assertGoes(segment, to, home.backend());
    }
    if (to != null && (isKnown || segment.kind() != Kind.RST)) {
      homes.put(name, new Home(to, now, true));
    }
  }
}
