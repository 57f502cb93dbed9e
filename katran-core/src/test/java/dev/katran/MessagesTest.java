package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** IPv6 addresses in messages have the short form of RFC 5952, however they were given. */
class MessagesTest {

  private static final InetAddress VIP_ADDRESS = InetAddresses.forString("2001:db8:0:0:0:0:0:10");
  private static final Backend BACKEND = Backend.of("FC00:0:0:0:0:0:0:1");
  private static final Backend ABSENT = Backend.of("FC00:0:0:0:0:0:0:9");
  private static final Vip VIP = Vip.udp(VIP_ADDRESS, 53).backends(BACKEND).build();
  private static final VipKey OTHER = VipKey.of(Protocol.TCP, VIP_ADDRESS, 0);
  private static final Duration TIME = Duration.ofSeconds(10);

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("backend fc00::1 is", () -> BACKEND.weight(-1), "weight -1 of backend fc00::1 "),
        refusal(
            "VIP port",
            () -> Vip.tcp(VIP_ADDRESS, 65536),
            "VIP port 65536 of 2001:db8::10 is not in "),
        refusal(
            "duplicate backend",
            () -> VIP.toBuilder().backends(BACKEND, BACKEND).build(),
            "udp [2001:db8::10]:53: duplicate backend fc00::1"),
        refusal(
            "duplicate backend of ring",
            () -> Ring.of(List.of(BACKEND, BACKEND)),
            "duplicate backend fc00::1"),
        refusal(
            "draining",
            () -> VIP.draining("FC00:0:0:0:0:0:0:9"),
            "fc00::9 is not a backend of udp [2001:db8::10]:53"),
        refusal(
            "idle time",
            () -> VIP.toBuilder().idleTime(Duration.ZERO),
            "udp [2001:db8::10]:53: idle time PT0S "),
        refusal(
            "unspecified",
            () -> Backend.of("0:0:0:0:0:0:0:0"),
            "backend :: is the unspecified address"),
        refusal(
            "multicast", () -> Vip.tcp("ff02:0:0:0:0:0:0:1"), "VIP ff02::1 is a multicast address"),
        refusal(
            "families",
            () -> Flow.tcp("2001:db8:0:0:0:0:0:7", 1, "203.0.113.10", 2),
            "source 2001:db8::7 and destination 203.0.113.10 are of different families"),
        refusal(
            "prefix length",
            () -> new Prefix(VIP_ADDRESS, 129),
            "prefix length 129 of 2001:db8::10 is not in 0..128"),
        refusal(
            "prefix bits",
            () -> new Prefix(VIP_ADDRESS, 32),
            "prefix 2001:db8::10/32 has bits beyond its length"));
  }

  private static Arguments refusal(String name, ThrowingCallable call, String message) {
    return Arguments.of(name, call, message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void message_ofAValue_hasShortAddress(String name, ThrowingCallable call, String message) {
    assertThat(catchThrowable(call)).as(name).hasMessageStartingWith(message);
  }

  static Stream<Arguments> refusalsOfABalancer() {
    return Stream.of(
        ofBalancer(
            "duplicate VIP",
            lb -> lb.apply(List.of(VIP, VIP)),
            "duplicate VIP udp [2001:db8::10]:53"),
        ofBalancer("watch", lb -> lb.watch(OTHER), "tcp [2001:db8::10]:* is not installed"),
        ofBalancer(
            "drain, VIP",
            lb -> lb.whenDrained(OTHER, BACKEND.key(), TIME, TIME).join(),
            "tcp [2001:db8::10]:* is not installed"),
        ofBalancer(
            "drain, backend",
            lb -> lb.whenDrained(VIP.key(), ABSENT.key(), TIME, TIME).join(),
            "fc00::9 is not a backend of udp [2001:db8::10]:53"),
        ofBalancer(
            "down",
            lb -> lb.downBackends().add(VIP.key(), ABSENT.key()),
            "no VIP and no table has the backend fc00::9"),
        ofBalancer(
            "forwarding",
            lb -> lb.put(VIP.with(BACKEND.via(Forwarding.gue()))),
            "backend fc00::1 via GUE needs an outer source address of its family"),
        ofBalancer(
            "delivery",
            lb -> lb.serverIds().put(1, BACKEND.local(true)),
            "backend fc00::1 is via "),
        ofBalancer(
            "update",
            lb -> lb.update(VIP.key(), vip -> Vip.of(OTHER).build()),
            "the update of udp [2001:db8::10]:53 returned a VIP with another key, tcp"
                + " [2001:db8::10]:*"),
        ofBalancer(
            "tunnel endpoint",
            lb -> lb.tunnelEndpoints().put(VIP_ADDRESS, TunnelEndpoint.RECIRCULATE),
            "tunnel endpoint 2001:db8::10 needs a balancer that decapsulates"));
  }

  /** A call that throws. */
  interface Call {
    void on(LoadBalancer lb);
  }

  private static Arguments ofBalancer(String name, Call call, String message) {
    return Arguments.of(name, call, message);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusalsOfABalancer")
  void message_ofABalancer_hasShortAddress(String name, Call call, String message) {
    try (LoadBalancer lb =
        LoadBalancer.inMemory()
            .limits(Limits.defaults().ringSize(251).flowTableSize(1024))
            .open()) {
      lb.put(VIP);

      assertThat(catchThrowable(() -> call.on(lb))).as(name).hasMessageStartingWith(message);
    }
  }
}
