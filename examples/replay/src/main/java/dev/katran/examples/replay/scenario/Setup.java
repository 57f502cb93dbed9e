package dev.katran.examples.replay.scenario;

import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Decapsulation;
import dev.katran.Hashing;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.RingAlgorithm;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Applies the steps of a scenario, except for the packets, to a balancer. */
public final class Setup {

  /** Flags that concern only UDP and are ignored for other protocols. */
  private static final Set<Flag> UDP_ONLY =
      Sets.immutableEnumSet(Flag.QUIC, Flag.UDP_STABLE_ROUTING, Flag.UDP_FLOW_MIGRATION);

  /** The C++ Katran's default, which the golden packets were recorded with. */
  private static final RingAlgorithm ALGORITHM = RingAlgorithm.MAGLEV;

  private final Config config;
  private final LoadBalancer balancer;
  private final Map<VipKey, Set<Flag>> flags = new HashMap<>();

  /**
   * Creates the setup of a balancer.
   *
   * @param config the configuration that the balancer was opened with
   */
  public Setup(Config config, LoadBalancer balancer) {
    this.config = config;
    this.balancer = balancer;
  }

  /**
   * Applies a step.
   *
   * @throws RuntimeException if the balancer refuses
   */
  public void apply(Step step) {
    switch (step) {
      case Step.Install(VipKey vip, Set<Flag> given, List<Backend> backends) ->
          put(vip, given, withFormerBackends(vip, backends));
      case Step.AddFlags(VipKey vip, Set<Flag> more) -> {
        Set<Flag> all = Sets.union(Objects.requireNonNull(flags.get(vip)), more);
        put(vip, Set.copyOf(all), installed(vip).backends());
      }
      case Step.ServerIds(Map<Integer, Backend> backends) -> balancer.serverIds().putAll(backends);
      case Step.SourceRoute route -> balancer.sourceRoutes().put(route.source(), route.backend());
      case Step.Decapsulate tunnel -> {
        // needs a balancer that decapsulates
        if (config.decapsulation() != Decapsulation.OFF) {
          balancer.tunnelEndpoints().put(tunnel.address(), tunnel.endpoint());
        }
      }
      case Step.Down down -> balancer.downBackends().add(down.vip(), down.backend());
      case Step.Remove remove ->
          balancer.update(remove.vip(), vip -> vip.draining(remove.backend()));
      case Step.Packets packets -> {
        // the caller runs them
      }
    }
  }

  private Vip installed(VipKey key) {
    return balancer
        .vip(key)
        .orElseThrow(() -> new IllegalStateException(key + " is not installed"));
  }

  /** Adds the former backends as draining, so that their flows stay, as after a remove step. */
  private List<Backend> withFormerBackends(VipKey key, List<Backend> backends) {
    Set<BackendKey> keys = backends.stream().map(Backend::key).collect(Collectors.toSet());
    List<Backend> all = new ArrayList<>(backends);
    balancer.vip(key).stream()
        .flatMap(vip -> vip.backends().stream())
        .filter(backend -> !keys.contains(backend.key()))
        .forEach(backend -> all.add(backend.draining(true)));
    return all;
  }

  private void put(VipKey key, Set<Flag> all, List<Backend> backends) {
    flags.put(key, all);
    boolean isUdp = key.protocol() == Protocol.UDP;
    balancer.put(vip(key, isUdp ? all : Sets.difference(all, UDP_ONLY), backends));
  }

  private Vip vip(VipKey key, Set<Flag> all, List<Backend> backends) {
    Vip.Builder vip =
        Vip.of(key)
            .backends(backends)
            .algorithm(ALGORITHM)
            .tracking(config.tracking())
            .hashing(hashing(all));
    for (Flag flag : all) {
      switch (flag) {
        case LRU_BYPASS -> vip.tracking(Tracking.NONE);
        case QUIC -> vip.quic(true);
        case SOURCE_ROUTING -> vip.sourceRouting(true);
        case LOCAL -> vip.localDelivery(true);
        case UDP_STABLE_ROUTING -> vip.udpStableRouting(true);
        case UDP_FLOW_MIGRATION -> vip.udpFlowMigration(true);
        case GLOBAL_LRU, HASH_NO_SRC_PORT, HASH_DST_PORT_ONLY, HASH_SRC_DST_PORT -> {
          // the flow table is always global; the hash flags combine into one Hashing
        }
      }
    }
    return vip.build();
  }

  private static Hashing hashing(Set<Flag> all) {
    boolean noSourcePort = all.contains(Flag.HASH_NO_SRC_PORT);
    if (all.contains(Flag.HASH_DST_PORT_ONLY)) {
      return noSourcePort ? Hashing.DESTINATION_PORT_UNIFORM : Hashing.DESTINATION_PORT;
    }
    if (all.contains(Flag.HASH_SRC_DST_PORT)) {
      return noSourcePort ? Hashing.SOURCE_ADDRESS_AND_DESTINATION_PORT : Hashing.BOTH_PORTS;
    }
    return noSourcePort ? Hashing.SOURCE_ADDRESS : Hashing.FLOW;
  }
}
