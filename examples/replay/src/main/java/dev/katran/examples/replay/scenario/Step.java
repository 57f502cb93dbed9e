package dev.katran.examples.replay.scenario;

import dev.katran.Backend;
import dev.katran.Prefix;
import dev.katran.TunnelEnd;
import dev.katran.VipKey;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is done next. */
public sealed interface Step {

  /** Install a VIP, or give an installed one these flags and backends. */
  record Install(VipKey vip, Set<Flag> flags, List<Backend> backends) implements Step {}

  /** Give an installed VIP more flags. */
  record AddFlags(VipKey vip, Set<Flag> flags) implements Step {}

  /** Let server ids stand for backends. */
  record ServerIds(Map<Integer, Backend> backends) implements Step {}

  /** Give the clients of a prefix a backend. */
  record SourceRoute(Prefix source, Backend backend) implements Step {}

  /** Have tunnels to an address end here. */
  record Decapsulate(InetAddress address, TunnelEnd end) implements Step {}

  /** Mark a backend as down for a VIP. */
  record Down(VipKey vip, InetAddress backend) implements Step {}

  /** Take a backend out of the ring of a VIP. */
  record Remove(VipKey vip, InetAddress backend) implements Step {}

  /** Feed frames. */
  record Packets(List<Row> rows) implements Step {}
}
