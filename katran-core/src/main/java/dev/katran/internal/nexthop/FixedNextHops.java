package dev.katran.internal.nexthop;

import com.google.common.collect.Maps;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One next hop for all backends. */
final class FixedNextHops implements NextHops {

  private final Resolution resolution;
  private final Set<InetAddress> followed = ConcurrentHashMap.newKeySet();

  FixedNextHops(Hop hop) {
    this.resolution = new Resolution.Resolved(hop);
  }

  @Override
  public Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout) {
    followed.addAll(backends);
    return Maps.toMap(backends, backend -> resolution);
  }

  @Override
  public void retain(Set<InetAddress> backends) {
    followed.retainAll(backends);
  }

  @Override
  public Map<InetAddress, Resolution> current() {
    return Maps.toMap(followed, backend -> resolution);
  }

  @Override
  public void onChange(Runnable listener) {
    // It never changes.
  }

  @Override
  public void close() {}
}
