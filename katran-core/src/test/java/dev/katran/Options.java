package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Every option of a VIP and of a backend, with another value than the default. A test that must
 * cover them all, such as that of a format, fails when an option is added here, and this class
 * fails when an option is added to the API.
 */
public final class Options {

  /**
   * An option.
   *
   * @param accessor the name of the method that returns it
   * @param change sets another value than the default
   */
  public record Option<T>(String accessor, UnaryOperator<T> change) {
    @Override
    public String toString() {
      return accessor;
    }
  }

  private static final Backend OTHER = Backend.of("10.0.0.77");

  private Options() {}

  /** Returns the options of a UDP VIP. */
  public static List<Option<Vip>> ofVip() {
    return List.of(
        new Option<>("key", vip -> Vip.udp("203.0.113.77", 77).backends(vip.backends()).build()),
        new Option<>("backends", vip -> vip.with(OTHER)),
        vip("forwarding", vip -> vip.forwarding(Forwarding.gue())),
        vip("hashing", vip -> vip.hashing(Hashing.SOURCE_ADDRESS)),
        vip("algorithm", vip -> vip.algorithm(RingAlgorithm.MAGLEV)),
        vip("tracking", vip -> vip.tracking(Tracking.NONE)),
        vip("idleTime", vip -> vip.idleTime(Duration.ofSeconds(77))),
        vip("changeWindow", vip -> vip.changeWindow(Duration.ofMillis(7777).plusNanos(7))),
        vip("localDelivery", vip -> vip.localDelivery(true)),
        vip("quic", vip -> vip.quic(true)),
        vip("udpStableRouting", vip -> vip.udpStableRouting(true)),
        vip("udpFlowMigration", vip -> vip.udpFlowMigration(true)),
        vip("sourceRouting", vip -> vip.sourceRouting(true)));
  }

  private static Option<Vip> vip(String accessor, UnaryOperator<Vip.Builder> change) {
    return new Option<>(accessor, vip -> change.apply(vip.toBuilder()).build());
  }

  /** Returns the options of a backend. */
  public static List<Option<Backend>> ofBackend() {
    return List.of(
        new Option<>("key", backend -> OTHER),
        new Option<>("weight", backend -> backend.weight(77)),
        new Option<>("draining", backend -> backend.draining(true)),
        new Option<>("forwarding", backend -> backend.via(Forwarding.gue())),
        new Option<>("port", backend -> backend.port(77).via(Forwarding.rewrite())),
        new Option<>("local", backend -> backend.local(true)));
  }

  /** Fails if there is an option of which this class does not know. */
  public static void assertComplete() {
    assertCovers(
        Vip.class,
        ofVip().stream().map(Option::accessor).collect(Collectors.toSet()),
        ImmutableSet.of("address", "port", "protocol", "toBuilder"));
    assertCovers(
        Backend.class,
        ofBackend().stream().map(Option::accessor).collect(Collectors.toSet()),
        ImmutableSet.of("address", "hasOwnForwarding", "takesNewFlows"));
  }

  /**
   * Fails if a class has other accessors.
   *
   * @param derived accessors whose values follow from those of others
   */
  public static void assertCovers(Class<?> type, Set<String> known, Set<String> derived) {
    assertThat(
            Arrays.stream(type.getDeclaredMethods())
                .filter(each -> Modifier.isPublic(each.getModifiers()))
                .filter(each -> !Modifier.isStatic(each.getModifiers()))
                .filter(each -> each.getParameterCount() == 0)
                .map(Method::getName)
                .filter(each -> !each.equals("hashCode") && !each.equals("toString")))
        .as("accessors of " + type.getSimpleName())
        .containsExactlyInAnyOrderElementsOf(Sets.union(known, derived));
  }
}
