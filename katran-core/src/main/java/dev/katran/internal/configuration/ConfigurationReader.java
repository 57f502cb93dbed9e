package dev.katran.internal.configuration;

import static dev.katran.internal.configuration.ConfigurationJson.BACKEND;
import static dev.katran.internal.configuration.ConfigurationJson.DOWN_BACKENDS;
import static dev.katran.internal.configuration.ConfigurationJson.SERVER_IDS;
import static dev.katran.internal.configuration.ConfigurationJson.SOURCE_ROUTES;
import static dev.katran.internal.configuration.ConfigurationJson.TUNNEL_ENDPOINTS;
import static dev.katran.internal.configuration.ConfigurationJson.VERSION_FIELD;
import static dev.katran.internal.configuration.ConfigurationJson.VIP;
import static dev.katran.internal.configuration.ConfigurationJson.VIPS;
import static dev.katran.internal.configuration.ConfigurationJson.WATCHED;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Configuration;
import dev.katran.Prefix;
import dev.katran.TunnelEndpoint;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Reads a configuration, whose parts may come in any order. Used once. */
final class ConfigurationReader {

  /** A mark that is checked when everything is read. */
  private record Mark(JsonObject from, VipKey vip, BackendKey backend) {}

  private final Set<String> fields = new HashSet<>();
  private final Map<VipKey, Vip> vips = new LinkedHashMap<>();
  private final Map<Integer, Backend> serverIds = new LinkedHashMap<>();
  private final Map<Prefix, Backend> sourceRoutes = new LinkedHashMap<>();
  private final Map<InetAddress, TunnelEndpoint> tunnelEndpoints = new LinkedHashMap<>();
  private final List<Mark> marks = new ArrayList<>();
  private Optional<VipKey> watched = Optional.empty();

  Configuration read(JsonParser parser) throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      if (!fields.add(name)) {
        throw JsonObject.error(JsonObject.path(parser), "is there twice");
      }
      readField(name, parser);
    }
    Configuration.Builder configuration =
        Configuration.builder()
            .vips(vips.values())
            .serverIds(serverIds)
            .sourceRoutes(sourceRoutes)
            .tunnelEndpoints(tunnelEndpoints)
            .downBackends(checkedMarks());
    watched.map(this::checkWatched).ifPresent(configuration::watch);
    try {
      return configuration.build();
    } catch (IllegalArgumentException e) {
      throw JsonObject.refused("$", e);
    }
  }

  private void readField(String name, JsonParser parser) throws IOException {
    switch (name) {
      case VERSION_FIELD -> parser.skipChildren(); // is checked already
      case VIPS -> JsonObject.readEach(parser, this::readVip);
      case SERVER_IDS -> JsonObject.readEach(parser, this::readServerId);
      case SOURCE_ROUTES -> JsonObject.readEach(parser, this::readSourceRoute);
      case TUNNEL_ENDPOINTS -> JsonObject.readEach(parser, this::readTunnelEndpoint);
      case DOWN_BACKENDS -> JsonObject.readEach(parser, this::readMark);
      case WATCHED -> watched = Optional.of(JsonObject.readText(parser, VipKey::parse));
      default ->
          throw JsonObject.unknown(
              JsonObject.path(parser),
              List.of(
                  VERSION_FIELD,
                  VIPS,
                  SERVER_IDS,
                  SOURCE_ROUTES,
                  TUNNEL_ENDPOINTS,
                  DOWN_BACKENDS,
                  WATCHED));
    }
  }

  private void readVip(JsonObject from) {
    Vip vip = VipJson.readVip(from);
    if (vips.put(vip.key(), vip) != null) {
      throw from.refuse(VipJson.KEY, "duplicate VIP " + vip.key());
    }
  }

  private void readServerId(JsonObject from) {
    Map.Entry<Integer, Backend> entry = TableJson.readServerId(from);
    if (serverIds.put(entry.getKey(), entry.getValue()) != null) {
      throw from.refuse(TableJson.ID, "duplicate server id " + entry.getKey());
    }
  }

  private void readSourceRoute(JsonObject from) {
    Map.Entry<Prefix, Backend> entry = TableJson.readSourceRoute(from);
    if (sourceRoutes.put(entry.getKey(), entry.getValue()) != null) {
      throw from.refuse(TableJson.PREFIX, "duplicate source route " + entry.getKey());
    }
  }

  private void readTunnelEndpoint(JsonObject from) {
    Map.Entry<InetAddress, TunnelEndpoint> entry = TableJson.readTunnelEndpoint(from);
    if (tunnelEndpoints.put(entry.getKey(), entry.getValue()) != null) {
      throw from.refuse(
          TableJson.ADDRESS,
          "duplicate tunnel endpoint " + from.text(TableJson.ADDRESS, Function.identity()));
    }
  }

  private void readMark(JsonObject from) {
    from.allowOnly(VIP, BACKEND);
    marks.add(new Mark(from, from.text(VIP, VipKey::parse), from.text(BACKEND, BackendKey::parse)));
  }

  /** Returns the marks, if each is of a VIP and a backend that were read. */
  private Map<VipKey, Set<BackendKey>> checkedMarks() {
    Map<VipKey, Set<BackendKey>> checked = new LinkedHashMap<>();
    Set<BackendKey> backends = marks.isEmpty() ? Set.of() : backends();
    for (Mark mark : marks) {
      if (!vips.containsKey(mark.vip())) {
        throw mark.from().refuse(VIP, mark.vip() + " is not a VIP of the configuration");
      }
      if (!backends.contains(mark.backend())) {
        throw mark.from().refuse(BACKEND, "no VIP and no table has the backend " + mark.backend());
      }
      if (!checked.computeIfAbsent(mark.vip(), vip -> new LinkedHashSet<>()).add(mark.backend())) {
        throw mark.from()
            .refuse("duplicate mark of %s for %s".formatted(mark.backend(), mark.vip()));
      }
    }
    return checked;
  }

  private Set<BackendKey> backends() {
    Set<BackendKey> backends = new HashSet<>();
    vips.values().forEach(vip -> vip.backends().forEach(each -> backends.add(each.key())));
    Stream.of(serverIds, sourceRoutes)
        .forEach(table -> table.values().forEach(each -> backends.add(each.key())));
    return backends;
  }

  private VipKey checkWatched(VipKey vip) {
    if (!vips.containsKey(vip)) {
      throw JsonObject.error("$." + WATCHED, vip + " is not a VIP of the configuration");
    }
    return vip;
  }
}
