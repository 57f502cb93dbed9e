package dev.katran.internal.nexthop;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.katran.UnresolvedBackend.Reason;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.Resolution.Resolved;
import dev.katran.internal.nexthop.Resolution.Unresolved;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Next hops that a test sets. Every backend has one unless the test takes it away. */
public final class FakeNextHops implements NextHops {

  private static final Resolution UP =
      new Resolved(new Hop(MacAddress.parse("02:00:00:00:00:01"), null));
  private static final Resolution DOWN =
      new Unresolved(Reason.NEIGHBOUR_FAILED, "10.0.0.254 on eth0 does not answer");

  private final Map<InetAddress, Resolution> set = new HashMap<>();
  private final Set<InetAddress> followed = new HashSet<>();
  private @Nullable Runnable listener;

  /** Runs after the next answer to a question that may wait. */
  public @Nullable Runnable afterResolve;

  /** Takes a backend's next hop away. */
  public void lose(InetAddress backend) {
    set.put(backend, DOWN);
  }

  /** Gives a backend its next hop again. */
  public void find(InetAddress backend) {
    set.remove(backend);
  }

  /** Gives a backend another next hop. */
  public void move(InetAddress backend, MacAddress mac) {
    set.put(backend, new Resolved(new Hop(mac, null)));
  }

  /** Gives a backend a next hop with an MTU. */
  public void mtu(InetAddress backend, int mtu) {
    set.put(backend, new Resolved(new Hop(MacAddress.parse("02:00:00:00:00:01"), null, mtu)));
  }

  /** Calls the listener. */
  public void announce() {
    if (listener != null) {
      listener.run();
    }
  }

  /** Returns the followed backends. */
  public Set<InetAddress> followed() {
    return followed;
  }

  @Override
  public Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout) {
    followed.addAll(backends);
    ImmutableMap<InetAddress, Resolution> answer = ImmutableMap.copyOf(known(backends));
    if (!timeout.isZero() && afterResolve != null) {
      Runnable once = afterResolve;
      afterResolve = null;
      once.run();
    }
    return answer;
  }

  private Map<InetAddress, Resolution> known(Set<InetAddress> backends) {
    return Maps.asMap(backends, backend -> set.getOrDefault(backend, UP));
  }

  @Override
  public void retain(Set<InetAddress> backends) {
    followed.retainAll(backends);
  }

  @Override
  public Map<InetAddress, Resolution> current() {
    return ImmutableMap.copyOf(known(followed));
  }

  @Override
  public void onChange(Runnable listener) {
    this.listener = listener;
  }

  @Override
  public void close() {}
}
