package dev.katran.internal.configuration;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.katran.Backend;
import dev.katran.Prefix;
import dev.katran.TunnelEndpoint;
import dev.katran.internal.net.Addresses;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Map;

/** Writes and reads single entries of tables. */
public final class TableJson {

  static final String ID = "id";
  static final String PREFIX = "prefix";
  private static final String BACKEND = "backend";
  static final String ADDRESS = "address";
  private static final String ACTION = "action";

  private TableJson() {}

  /** Writes a server id as an object. */
  public static void writeServerId(JsonGenerator to, int id, Backend backend) throws IOException {
    to.writeStartObject();
    to.writeNumberField(ID, id);
    to.writeFieldName(BACKEND);
    VipJson.write(to, backend);
    to.writeEndObject();
  }

  /** Reads what {@link #writeServerId} writes. */
  public static Map.Entry<Integer, Backend> readServerId(JsonObject from) {
    from.allowOnly(ID, BACKEND);
    return Map.entry(
        from.integer(ID, TableJson::checkServerId), from.object(BACKEND, TableJson::readBackend));
  }

  private static Backend readBackend(JsonObject from) {
    Backend backend = VipJson.readBackend(from);
    return from.convert(() -> TableBackend.of(() -> "table", backend));
  }

  private static int checkServerId(int id) {
    if (id < 1) {
      throw new IllegalArgumentException("server id " + id + " is not in 1..2147483647");
    }
    return id;
  }

  /** Writes a source route as an object. */
  public static void writeSourceRoute(JsonGenerator to, Prefix prefix, Backend backend)
      throws IOException {
    to.writeStartObject();
    to.writeStringField(PREFIX, prefix.toString());
    to.writeFieldName(BACKEND);
    VipJson.write(to, backend);
    to.writeEndObject();
  }

  /** Reads what {@link #writeSourceRoute} writes. */
  public static Map.Entry<Prefix, Backend> readSourceRoute(JsonObject from) {
    from.allowOnly(PREFIX, BACKEND);
    return Map.entry(from.text(PREFIX, Prefix::of), from.object(BACKEND, TableJson::readBackend));
  }

  /** Writes a tunnel endpoint as an object. */
  public static void writeTunnelEndpoint(
      JsonGenerator to, InetAddress address, TunnelEndpoint endpoint) throws IOException {
    to.writeStartObject();
    to.writeStringField(ADDRESS, Addresses.text(address));
    to.writeStringField(ACTION, endpoint.name());
    to.writeEndObject();
  }

  /** Reads what {@link #writeTunnelEndpoint} writes. */
  public static Map.Entry<InetAddress, TunnelEndpoint> readTunnelEndpoint(JsonObject from) {
    from.allowOnly(ADDRESS, ACTION);
    return Map.entry(
        from.text(ADDRESS, text -> Addresses.parseUnicast("tunnel endpoint", text)),
        from.constant(ACTION, TunnelEndpoint.class));
  }
}
