package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSetMultimap;
import com.google.common.collect.Multimaps;
import dev.katran.internal.configuration.Answers;
import dev.katran.internal.configuration.ConfigurationJson;
import dev.katran.internal.configuration.Fingerprint;
import dev.katran.internal.configuration.RoutedAnswers;
import dev.katran.internal.configuration.TableBackend;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;

/**
 * Everything that a {@link LoadBalancer} can be told after it was opened: its VIPs, its tables, the
 * backends that are marked down and the VIP that is watched. Immutable.
 *
 * {@snippet :
 * Configuration before = lb.configuration();
 * Configuration after = before.toBuilder().serverIds(Map.of(7, Backend.of("10.0.0.11"))).build();
 * System.out.println(before.diff(after));
 * lb.apply(after);
 * }
 *
 * <p>Neither the order of VIPs nor that of table entries has a meaning: configurations that differ
 * in nothing else are equal.
 *
 * <p>{@link #toJson} and {@link #fromJson} are inverse. The format, in which {@code "version"} is
 * required and everything else may be left out:
 *
 * <pre>{@code
 * {
 *   "version": 1,
 *   "vips": [
 *     {"key": "udp 203.0.113.10:443",
 *      "backends": [{"address": "10.0.0.11", "port": 8443, "weight": 2, "draining": true,
 *                    "forwarding": "REWRITE", "local": true}],
 *      "forwarding": "DIRECT",
 *      "hashing": "SOURCE_ADDRESS", "algorithm": "MAGLEV", "tracking": "ALWAYS",
 *      "idleTime": "PT5M", "changeWindow": "PT1M",
 *      "quic": true, "udpStableRouting": true, "udpFlowMigration": true,
 *      "sourceRouting": true, "localDelivery": true}
 *   ],
 *   "serverIds": [{"id": 7, "backend": {"address": "10.0.0.12"}}],
 *   "sourceRoutes": [{"prefix": "198.51.100.0/24", "backend": {"address": "10.0.0.12"}}],
 *   "tunnelEndpoints": [{"address": "203.0.113.99", "action": "RECIRCULATE"}],
 *   "downBackends": [{"vip": "udp 203.0.113.10:443", "backend": "10.0.0.11:8443"}],
 *   "watched": "udp 203.0.113.10:443"
 * }
 * }</pre>
 *
 * <p>Fields have the names of the methods that return them. A VIP needs its {@code key}, in the
 * form of {@link VipKey#parse}, and a backend its {@code address}; their other fields have the
 * defaults of {@link Vip.Builder} and {@link Backend#of}. Constants are written as in Java,
 * durations as in {@link java.time.Duration#parse}. Addresses are literals; {@code "backend"} has
 * the form of {@link BackendKey#parse}. A {@code "forwarding"} is IPIP, GUE, REWRITE or DIRECT.
 *
 * @since 0.1.0
 */
public final class Configuration {

  private final ImmutableMap<VipKey, Vip> vips;
  private final ImmutableMap<Integer, Backend> serverIds;
  private final ImmutableMap<Prefix, Backend> sourceRoutes;
  private final ImmutableMap<InetAddress, TunnelEndpoint> tunnelEndpoints;
  private final ImmutableSetMultimap<VipKey, BackendKey> down;
  private final Optional<VipKey> watched;

  private Configuration(ImmutableMap<VipKey, Vip> vips, Builder from) {
    this.vips = vips;
    this.serverIds = from.serverIds;
    this.sourceRoutes = from.sourceRoutes;
    this.tunnelEndpoints = from.tunnelEndpoints;
    this.down = from.down;
    this.watched = from.watched;
  }

  /**
   * Returns a configuration that has only VIPs.
   *
   * @throws IllegalArgumentException as {@link Builder#build}
   */
  public static Configuration of(Vip... vips) {
    return builder().vips(vips).build();
  }

  /**
   * Returns a configuration that has only VIPs.
   *
   * @throws IllegalArgumentException as {@link Builder#build}
   */
  public static Configuration of(List<Vip> vips) {
    return builder().vips(vips).build();
  }

  /** Returns a builder that starts with nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that starts with everything this configuration has. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.vips = vips.values().asList();
    builder.serverIds = serverIds;
    builder.sourceRoutes = sourceRoutes;
    builder.tunnelEndpoints = tunnelEndpoints;
    builder.down = down;
    builder.watched = watched;
    return builder;
  }

  /**
   * Reads what {@link #toJson} writes. See the description of this class for the format.
   *
   * @throws IllegalArgumentException if the text is not JSON, or a field is unknown, missing or
   *     there twice, of the wrong type or out of range, or the version is unknown. The message
   *     begins with the path of the field, such as {@code $.vips[3].backends[1].weight}, and
   *     contains its value
   */
  public static Configuration fromJson(String json) {
    return ConfigurationJson.read(requireNonNull(json, "json"));
  }

  /**
   * Returns the configuration as JSON, with a line for each VIP and each table entry. Equal
   * configurations whose VIPs name their backends in the same order have the same text. Settings
   * that have their default value are left out.
   */
  public String toJson() {
    return ConfigurationJson.write(this);
  }

  /** Returns the VIPs, in the order in which they were given. */
  public List<Vip> vips() {
    return vips.values().asList();
  }

  /** Returns the VIP with a key. */
  public Optional<Vip> vip(VipKey key) {
    return Optional.ofNullable(vips.get(requireNonNull(key, "key")));
  }

  /** Returns the VIPs by key. */
  Map<VipKey, Vip> vipsByKey() {
    return vips;
  }

  /** Returns the backends that server ids stand for, see {@link LoadBalancer#serverIds}. */
  public Map<Integer, Backend> serverIds() {
    return serverIds;
  }

  /** Returns the source routes, see {@link LoadBalancer#sourceRoutes}. */
  public Map<Prefix, Backend> sourceRoutes() {
    return sourceRoutes;
  }

  /** Returns the tunnel endpoints, see {@link LoadBalancer#tunnelEndpoints}. */
  public Map<InetAddress, TunnelEndpoint> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  /**
   * Returns the backends that are marked down, by VIP, see {@link LoadBalancer#downBackends}. VIPs
   * for which none is marked are left out.
   */
  public Map<VipKey, Set<BackendKey>> downBackends() {
    return Multimaps.asMap(down);
  }

  /** Returns the VIP that is watched, see {@link LoadBalancer#watch}. */
  public Optional<VipKey> watched() {
    return watched;
  }

  /** Returns what changes from this configuration to another one. */
  public ConfigurationDiff diff(Configuration after) {
    return new ConfigurationDiff(this, requireNonNull(after, "after"));
  }

  /**
   * Returns the fingerprint for balancers with the default {@link Limits}, see {@link
   * #fingerprint(Limits)}.
   */
  public String fingerprint() {
    return fingerprint(Limits.defaults());
  }

  /**
   * Returns a fingerprint of all that decides which backend a packet goes to, and how it gets
   * there. Balancers with the same fingerprint make the same decisions, provided that they were
   * opened with the same options and have the same next hops.
   *
   * <p>It covers:
   *
   * <ul>
   *   <li>{@link Limits#ringSize} and {@link Limits#hashSeed};
   *   <li>of each VIP, its key, hashing, algorithm, tracking and switches; with {@link
   *       Tracking#ADAPTIVE}, its idle time and change window as well; with {@link
   *       Vip.Builder#udpFlowMigration}, the backends that are marked down for it;
   *   <li>of each backend of a VIP, its key, how it is reached, and its weight, which counts as 0
   *       while it is draining;
   *   <li>server ids and, if any VIP has {@link Vip.Builder#sourceRouting}, source routes, each
   *       with the key of its backend and how that is reached;
   *   <li>tunnel endpoints.
   * </ul>
   *
   * <p>It does not cover the order of VIPs, backends and table entries; the other limits, which are
   * capacities; {@linkplain Backend#local which backend is the balancer's own host}, because that
   * differs from host to host in a fleet; and the VIP that is watched. Settings that have the same
   * effect but are written differently, such as weights of 2 and 2 instead of 1 and 1, count as
   * different.
   *
   * @param limits those of the balancer
   * @return a SHA-256 in 64 hexadecimal digits
   */
  public String fingerprint(Limits limits) {
    return Fingerprint.of(this, requireNonNull(limits, "limits"));
  }

  /** Returns whether everything is equal, except for the order of VIPs and of table entries. */
  @Override
  public boolean equals(Object object) {
    return object == this
        || (object instanceof Configuration other
            && vips.equals(other.vips)
            && serverIds.equals(other.serverIds)
            && sourceRoutes.equals(other.sourceRoutes)
            && tunnelEndpoints.equals(other.tunnelEndpoints)
            && down.equals(other.down)
            && watched.equals(other.watched));
  }

  @Override
  public int hashCode() {
    return Objects.hash(vips, serverIds, sourceRoutes, tunnelEndpoints, down, watched);
  }

  /**
   * Returns how much there is, as in {@code configuration of 2 VIPs, 1 server id}. See {@link
   * #toJson} for the whole.
   */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "configuration of ", "");
    text.add(count(vips.size(), "VIP"));
    addCount(text, serverIds.size(), "server id");
    addCount(text, sourceRoutes.size(), "source route");
    addCount(text, tunnelEndpoints.size(), "tunnel endpoint");
    addCount(text, down.size(), "down mark");
    watched.ifPresent(vip -> text.add("watching " + vip));
    return text.toString();
  }

  private static void addCount(StringJoiner text, int count, String what) {
    if (count > 0) {
      text.add(count(count, what));
    }
  }

  private static String count(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  /**
   * Builds a {@link Configuration}. Not thread-safe.
   *
   * @since 0.1.0
   */
  public static final class Builder {

    private List<Vip> vips = ImmutableList.of();
    private ImmutableMap<Integer, Backend> serverIds = ImmutableMap.of();
    private ImmutableMap<Prefix, Backend> sourceRoutes = ImmutableMap.of();
    private ImmutableMap<InetAddress, TunnelEndpoint> tunnelEndpoints = ImmutableMap.of();
    private ImmutableSetMultimap<VipKey, BackendKey> down = ImmutableSetMultimap.of();
    private Optional<VipKey> watched = Optional.empty();

    private Builder() {}

    /** Sets the VIPs and discards any set before. The default is none. */
    public Builder vips(Vip... vips) {
      return vips(List.of(requireNonNull(vips, "vips")));
    }

    /** Sets the VIPs and discards any set before. The default is none. */
    public Builder vips(Collection<Vip> vips) {
      this.vips = ImmutableList.copyOf(requireNonNull(vips, "vips"));
      return this;
    }

    /**
     * Sets the server ids and discards any set before, see {@link LoadBalancer#serverIds}. The
     * default is none.
     *
     * @param serverIds backends by id, 1 to 2147483647
     */
    public Builder serverIds(Map<Integer, Backend> serverIds) {
      this.serverIds = backends("server id", requireNonNull(serverIds, "serverIds"));
      return this;
    }

    /**
     * Sets the source routes and discards any set before, see {@link LoadBalancer#sourceRoutes}.
     * The default is none.
     */
    public Builder sourceRoutes(Map<Prefix, Backend> sourceRoutes) {
      this.sourceRoutes = backends("source route", requireNonNull(sourceRoutes, "sourceRoutes"));
      return this;
    }

    private static <K> ImmutableMap<K, Backend> backends(String what, Map<K, Backend> entries) {
      ImmutableMap.Builder<K, Backend> backends =
          ImmutableMap.builderWithExpectedSize(entries.size());
      entries.forEach(
          (key, backend) -> backends.put(key, TableBackend.of(() -> what + " " + key, backend)));
      return backends.buildOrThrow();
    }

    /**
     * Sets the tunnel endpoints and discards any set before, see {@link
     * LoadBalancer#tunnelEndpoints}. The default is none.
     */
    public Builder tunnelEndpoints(Map<InetAddress, TunnelEndpoint> tunnelEndpoints) {
      this.tunnelEndpoints =
          ImmutableMap.copyOf(requireNonNull(tunnelEndpoints, "tunnelEndpoints"));
      return this;
    }

    /**
     * Sets the backends that are marked down and discards any set before, see {@link
     * LoadBalancer#downBackends}. The default is none.
     *
     * @param down backends by VIP
     */
    public Builder downBackends(Map<VipKey, ? extends Collection<BackendKey>> down) {
      ImmutableSetMultimap.Builder<VipKey, BackendKey> marks = ImmutableSetMultimap.builder();
      requireNonNull(down, "down").forEach(marks::putAll);
      this.down = marks.build();
      return this;
    }

    /** Sets the VIP that is watched, see {@link LoadBalancer#watch}. The default is none. */
    public Builder watch(VipKey vip) {
      this.watched = Optional.of(vip);
      return this;
    }

    /** Watches no VIP, which is the default. */
    public Builder unwatch() {
      this.watched = Optional.empty();
      return this;
    }

    /**
     * Builds the configuration.
     *
     * @throws IllegalArgumentException if two VIPs have the same key; if a server id is not in
     *     range; if a tunnel endpoint has a zone, or is IPv4-mapped, unspecified, loopback,
     *     broadcast, multicast or link-local IPv6; if VIPs and tables do not all {@linkplain
     *     Backend#via reach a backend} the same way; if two VIPs rewrite packets to the same
     *     address and port; if a table has a backend with a {@linkplain Backend#port port} that is
     *     not rewritten to, or a source route one that a VIP with source routing does not have
     *     although it is; if a VIP is watched, or has backends marked down, that is not in the
     *     configuration; or if no VIP and no table has a backend that is marked down
     */
    public Configuration build() {
      Map<VipKey, Vip> byKey = HashMap.newHashMap(vips.size());
      ImmutableMap.Builder<VipKey, Vip> inOrder = ImmutableMap.builderWithExpectedSize(vips.size());
      for (Vip vip : vips) {
        if (byKey.put(vip.key(), vip) != null) {
          throw new IllegalArgumentException("duplicate VIP " + vip.key());
        }
        inOrder.put(vip.key(), vip);
      }
      serverIds.keySet().forEach(Builder::checkServerId);
      tunnelEndpoints.keySet().forEach(end -> Addresses.checkUnicast("tunnel endpoint", end));
      Map<BackendKey, Backend> backends = checkDelivery();
      down.forEach((vip, backend) -> {
        if (!byKey.containsKey(vip)) {
          throw new IllegalArgumentException(
              "backend %s is marked down for %s, which is not a VIP of the configuration"
                  .formatted(backend, vip));
        }
        if (!backends.containsKey(backend)) {
          throw new IllegalArgumentException(
              "no VIP and no table has the backend %s, which is marked down for %s"
                  .formatted(backend, vip));
        }
      });
      watched.ifPresent(vip -> {
        if (!byKey.containsKey(vip)) {
          throw new IllegalArgumentException(
              vip + " is watched, but is not a VIP of the configuration");
        }
      });
      return new Configuration(inOrder.buildOrThrow(), this);
    }

    private static void checkServerId(int id) {
      if (id < 1) {
        throw new IllegalArgumentException("server id " + id + " is not in 1..2147483647");
      }
    }

    /** Checks that each backend is reached in one way only, and returns all of them. */
    private Map<BackendKey, Backend> checkDelivery() {
      Map<BackendKey, Backend> known = new HashMap<>();
      Answers answers = Answers.NONE;
      for (Vip vip : vips) {
        answers = answers.with(vip.key(), Answers.serversOf(vip));
        vip.backends().forEach(backend -> checkDelivery(backend, vip.key(), known));
      }
      serverIds.forEach((id, backend) -> checkDelivery(backend, "server id " + id, known));
      sourceRoutes.forEach(
          (from, backend) -> checkDelivery(backend, "source route " + from, known));
      List<BackendKey> rewritten =
          sourceRoutes.values().stream()
              .filter(backend -> backend.forwarding().equals(Forwarding.rewrite()))
              .map(Backend::key)
              .distinct()
              .toList();
      vips.forEach(vip -> rewritten.forEach(backend -> RoutedAnswers.check(vip, backend)));
      return known;
    }

    private static void checkDelivery(
        Backend backend, Object user, Map<BackendKey, Backend> known) {
      Backend other = known.putIfAbsent(backend.key(), backend);
      if (other != null
          && !(other.forwarding().equals(backend.forwarding())
              && other.local() == backend.local())) {
        throw new IllegalArgumentException(
            "backend %s is via %s for %s, but via %s for another VIP or table"
                .formatted(backend.key(), delivery(backend), user, delivery(other)));
      }
    }

    private static String delivery(Backend backend) {
      return backend.forwarding() + (backend.local() ? ", local" : "");
    }
  }
}
