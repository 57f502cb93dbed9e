package dev.katran.internal.configuration;

import com.google.common.hash.Hashing;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Configuration;
import dev.katran.Limits;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Computes fingerprints of configurations, see {@link Configuration#fingerprint(Limits)} for what
 * they cover. A fingerprint is the SHA-256 of a canonical form, which must not change from release
 * to release. Each list begins with its length and is sorted by its elements' bytes, so that no
 * order counts; all else is of fixed length or, like texts, begins with its length.
 */
public final class Fingerprint {

  private static final String VERSION = "katran configuration 1";

  private Fingerprint() {}

  /** Returns the fingerprint in hexadecimal digits. */
  public static String of(Configuration configuration, Limits limits) {
    return Hashing.sha256().hashBytes(bytes(to -> write(to, configuration, limits))).toString();
  }

  /** Writes a part of the canonical form. */
  private interface Part {
    void write(DataOutputStream to) throws IOException;
  }

  private static byte[] bytes(Part part) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream to = new DataOutputStream(bytes)) {
      part.write(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not by an array
    }
    return bytes.toByteArray();
  }

  private static void writeAll(DataOutputStream to, Stream<Part> elements) throws IOException {
    byte[][] sorted =
        elements.map(Fingerprint::bytes).sorted(Arrays::compareUnsigned).toArray(byte[][]::new);
    to.writeInt(sorted.length);
    for (byte[] element : sorted) {
      to.write(element);
    }
  }

  private static void write(DataOutputStream to, Configuration from, Limits limits)
      throws IOException {
    to.writeUTF(VERSION);
    to.writeInt(limits.ringSize());
    to.writeInt(limits.hashSeed());
    writeAll(
        to,
        from.vips().stream()
            .map(vip ->
                each -> write(each, vip, from.downBackends().getOrDefault(vip.key(), Set.of()))));
    writeAll(
        to,
        from.serverIds().entrySet().stream()
            .map(entry ->
                each -> {
                  each.writeInt(entry.getKey());
                  write(each, entry.getValue());
                }));
    boolean routesBySource = from.vips().stream().anyMatch(Vip::sourceRouting);
    writeAll(
        to,
        from.sourceRoutes().entrySet().stream()
            .filter(entry -> routesBySource)
            .map(entry ->
                each -> {
                  each.writeUTF(entry.getKey().toString());
                  write(each, entry.getValue());
                }));
    writeAll(
        to,
        from.tunnelEndpoints().entrySet().stream()
            .map(entry ->
                each -> {
                  writeAddress(each, entry.getKey().getAddress());
                  each.writeUTF(entry.getValue().name());
                }));
  }

  private static void write(DataOutputStream to, Vip vip, Set<BackendKey> down) throws IOException {
    to.writeUTF(vip.key().toString());
    to.writeUTF(vip.hashing().name());
    to.writeUTF(vip.algorithm().name());
    to.writeUTF(vip.tracking().name());
    if (vip.tracking() == Tracking.ADAPTIVE) {
      to.writeUTF(vip.idleTime().toString());
      to.writeUTF(vip.changeWindow().map(Object::toString).orElse(""));
    }
    to.writeBoolean(vip.quic());
    to.writeBoolean(vip.udpStableRouting());
    to.writeBoolean(vip.udpFlowMigration());
    to.writeBoolean(vip.sourceRouting());
    to.writeBoolean(vip.localDelivery());
    writeAll(
        to,
        vip.backends().stream()
            .map(backend ->
                each -> {
                  write(each, backend);
                  each.writeInt(backend.takesNewFlows() ? backend.weight() : 0);
                }));
    writeAll(
        to,
        down.stream()
            .filter(backend -> vip.udpFlowMigration())
            .map(backend -> each -> each.writeUTF(backend.toString())));
  }

  private static void write(DataOutputStream to, Backend backend) throws IOException {
    to.writeUTF(backend.key().toString());
    to.writeUTF(VipJson.name(backend.forwarding()));
  }

  private static void writeAddress(DataOutputStream to, byte[] address) throws IOException {
    to.writeByte(address.length);
    to.write(address);
  }
}
