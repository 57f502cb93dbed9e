package dev.katran.internal.nexthop;

import com.google.common.collect.Maps;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;

/** One next hop for all backends. */
record FixedNextHops(Hop hop) implements NextHops {

  @Override
  public Map<InetAddress, Hop> resolve(Collection<InetAddress> backends, Duration timeout) {
    return Maps.toMap(new LinkedHashSet<>(backends), backend -> hop);
  }

  @Override
  public boolean changes() {
    return false;
  }

  @Override
  public void close() {}
}
