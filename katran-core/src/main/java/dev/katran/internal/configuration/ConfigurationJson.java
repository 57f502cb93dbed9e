package dev.katran.internal.configuration;

import static java.util.Map.Entry.comparingByKey;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.katran.BackendKey;
import dev.katran.Configuration;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes and reads whole configurations, see {@link Configuration} for the format. */
public final class ConfigurationJson {

  static final int VERSION = 1;

  static final String VERSION_FIELD = "version";
  static final String VIPS = "vips";
  static final String SERVER_IDS = "serverIds";
  static final String SOURCE_ROUTES = "sourceRoutes";
  static final String TUNNEL_ENDPOINTS = "tunnelEndpoints";
  static final String DOWN_BACKENDS = "downBackends";
  static final String WATCHED = "watched";

  static final String VIP = "vip";
  static final String BACKEND = "backend";

  private ConfigurationJson() {}

  /** Writes a configuration. */
  public static String write(Configuration configuration) {
    return Json.lines(to -> write(to, configuration));
  }

  private static void write(JsonGenerator to, Configuration from) throws IOException {
    to.writeStartObject();
    to.writeNumberField(VERSION_FIELD, VERSION);
    List<Vip> vips =
        from.vips().stream().sorted(Comparator.comparing(Vip::key, Order.VIP_KEYS)).toList();
    writeArray(to, VIPS, vips, VipJson::write);
    writeArray(
        to,
        SERVER_IDS,
        sorted(from.serverIds(), Comparator.naturalOrder()),
        (each, entry) -> TableJson.writeServerId(each, entry.getKey(), entry.getValue()));
    writeArray(
        to,
        SOURCE_ROUTES,
        sorted(from.sourceRoutes(), Order.PREFIXES),
        (each, entry) -> TableJson.writeSourceRoute(each, entry.getKey(), entry.getValue()));
    writeArray(
        to,
        TUNNEL_ENDPOINTS,
        sorted(from.tunnelEndpoints(), Order.ADDRESSES),
        (each, entry) -> TableJson.writeTunnelEndpoint(each, entry.getKey(), entry.getValue()));
    writeMarks(to, from.downBackends());
    if (from.watched().isPresent()) {
      to.writeStringField(WATCHED, from.watched().get().toString());
    }
    to.writeEndObject();
  }

  private static <K, V> List<Map.Entry<K, V>> sorted(Map<K, V> entries, Comparator<K> order) {
    return entries.entrySet().stream().sorted(comparingByKey(order)).toList();
  }

  /** Writes one of several elements. */
  private interface ElementWriter<T> {
    void write(JsonGenerator to, T element) throws IOException;
  }

  private static <T> void writeArray(
      JsonGenerator to, String name, Collection<T> elements, ElementWriter<T> writer)
      throws IOException {
    if (!elements.isEmpty()) {
      to.writeArrayFieldStart(name);
      for (T element : elements) {
        writer.write(to, element);
      }
      to.writeEndArray();
    }
  }

  private static void writeMarks(JsonGenerator to, Map<VipKey, Set<BackendKey>> marks)
      throws IOException {
    if (marks.isEmpty()) {
      return;
    }
    to.writeArrayFieldStart(DOWN_BACKENDS);
    for (Map.Entry<VipKey, Set<BackendKey>> each : sorted(marks, Order.VIP_KEYS)) {
      for (BackendKey backend : each.getValue().stream().sorted(Order.BACKEND_KEYS).toList()) {
        to.writeStartObject();
        to.writeStringField(VIP, each.getKey().toString());
        to.writeStringField(BACKEND, backend.toString());
        to.writeEndObject();
      }
    }
    to.writeEndArray();
  }

  /**
   * Reads a configuration.
   *
   * @throws IllegalArgumentException if the text is refused. Its message begins with the path of
   *     the field
   */
  public static Configuration read(String json) {
    // Before anything else: other versions may have fields that this one does not know.
    Json.read(json, ConfigurationJson::checkVersion);
    return Json.read(json, parser -> new ConfigurationReader().read(parser));
  }

  private static int checkVersion(JsonParser parser) throws IOException {
    JsonObject.requireObject(parser);
    int versions = 0;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      boolean isVersion = parser.currentName().equals(VERSION_FIELD);
      JsonToken value = parser.nextToken();
      if (!isVersion) {
        parser.skipChildren();
      } else if (value != JsonToken.VALUE_NUMBER_INT
          || !parser.getText().equals(Integer.toString(VERSION))) {
        throw JsonObject.wrongType(parser, Integer.toString(VERSION));
      } else {
        versions++;
      }
    }
    if (versions == 0) {
      throw JsonObject.error("$", "has no field \"" + VERSION_FIELD + "\", which is required");
    }
    return versions;
  }
}
