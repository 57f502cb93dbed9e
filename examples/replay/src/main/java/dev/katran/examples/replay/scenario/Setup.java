package dev.katran.examples.replay.scenario;

import com.google.common.collect.Sets;
import dev.katran.Backend;
import dev.katran.Decapsulation;
import dev.katran.Hashing;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Does to a balancer what the steps of a scenario say, all but the feeding of packets. */
public final class Setup {

  /** What these flags stand for is in UDP datagrams: for other protocols they mean nothing. */
  private static final Set<Flag> OF_UDP =
      Sets.immutableEnumSet(Flag.QUIC, Flag.UDP_STABLE_ROUTING, Flag.UDP_FLOW_MIGRATION);

  private final Config config;
  private final LoadBalancer balancer;
  private final Map<VipKey, Set<Flag>> flags = new HashMap<>();

  /**
   * The setup of one balancer.
   *
   * @param config what the balancer was opened with
   */
  public Setup(Config config, LoadBalancer balancer) {
    this.config = config;
    this.balancer = balancer;
  }

  /**
   * Does what the step says.
   *
   * @throws RuntimeException if the balancer refuses
   */
  public void apply(Step step) {
    switch (step) {
      case Step.Install(VipKey vip, Set<Flag> given, List<Backend> backends) ->
          put(vip, given, withFormer(vip, backends));
      case Step.AddFlags(VipKey vip, Set<Flag> more) -> {
        Set<Flag> all = Sets.union(Objects.requireNonNull(flags.get(vip)), more);
        put(vip, Set.copyOf(all), installed(vip).backends());
      }
      case Step.ServerIds(Map<Integer, Backend> backends) -> balancer.serverIds().putAll(backends);
      case Step.SourceRoute route -> balancer.sourceRoutes().put(route.source(), route.backend());
      case Step.Decapsulate end -> {
        // a balancer that leaves tunnels alone has no use for it
        if (config.decapsulation() != Decapsulation.OFF) {
          balancer.tunnelEnds().put(end.address(), end.end());
        }
      }
      case Step.Down down -> balancer.downBackends().add(down.vip(), down.backend());
      case Step.Remove remove -> balancer.put(installed(remove.vip()).draining(remove.backend()));
      case Step.Packets packets -> {
        // for the player
      }
    }
  }

  private Vip installed(VipKey key) {
    return balancer.vip(key).orElseThrow(() -> new IllegalStateException(key + " is gone"));
  }

  /** A backend that leaves a ring leaves no flow: it drains, as one that is removed. */
  private List<Backend> withFormer(VipKey key, List<Backend> backends) {
    Set<InetAddress> addresses =
        backends.stream().map(Backend::address).collect(Collectors.toSet());
    List<Backend> all = new ArrayList<>(backends);
    balancer.vip(key).stream()
        .flatMap(vip -> vip.backends().stream())
        .filter(backend -> !addresses.contains(backend.address()))
        .forEach(backend -> all.add(backend.draining(true)));
    return all;
  }

  private void put(VipKey key, Set<Flag> all, List<Backend> backends) {
    flags.put(key, all);
    boolean isUdp = key.protocol() == Protocol.UDP;
    balancer.put(vip(key, isUdp ? all : Sets.difference(all, OF_UDP), backends));
  }

  private Vip vip(VipKey key, Set<Flag> all, List<Backend> backends) {
    Vip.Builder vip = Vip.of(key).backends(backends).tracking(config.tracking());
    vip.hashing(hashing(all));
    for (Flag flag : all) {
      switch (flag) {
        case LRU_BYPASS -> vip.tracking(Tracking.NONE);
        case QUIC -> vip.quic();
        case SOURCE_ROUTING -> vip.sourceRouting();
        case LOCAL -> vip.localDelivery();
        case UDP_STABLE_ROUTING -> vip.udpStableRouting();
        case UDP_FLOW_MIGRATION -> vip.udpFlowMigration();
        case GLOBAL_LRU, HASH_NO_SRC_PORT, HASH_DST_PORT_ONLY, HASH_SRC_DST_PORT -> {
          // the flow table is global; the others are one hashing together
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
