package dev.katran.examples.replay.scenario;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Prefix;
import dev.katran.TunnelEndpoint;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A step of a scenario. */
public sealed interface Step {

  /** Installs a VIP, or replaces the flags and backends of an installed one. */
  record Install(VipKey vip, Set<Flag> flags, List<Backend> backends) implements Step {}

  /** Adds flags to an installed VIP. */
  record AddFlags(VipKey vip, Set<Flag> flags) implements Step {}

  /** Assigns server ids to backends. */
  record ServerIds(Map<Integer, Backend> backends) implements Step {}

  /** Routes the clients of a prefix to a backend. */
  record SourceRoute(Prefix source, Backend backend) implements Step {}

  /** Ends tunnels to an address at the balancer. */
  record Decapsulate(InetAddress address, TunnelEndpoint endpoint) implements Step {}

  /** Marks a backend down for a VIP. */
  record Down(VipKey vip, BackendKey backend) implements Step {}

  /** Removes a backend from the ring of a VIP. */
  record Remove(VipKey vip, BackendKey backend) implements Step {}

  /** Runs frames. */
  record Packets(List<Row> rows) implements Step {}
}
