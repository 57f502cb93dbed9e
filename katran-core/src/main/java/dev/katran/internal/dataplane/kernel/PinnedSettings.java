package dev.katran.internal.dataplane.kernel;

import dev.katran.Limits;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowSecret;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What the contents of pinned maps depend on: their layout, their sizes, and the keys of the flow
 * table. In a map of its own, which is pinned last: without it, the folder holds what an open() has
 * left that did not succeed.
 */
final class PinnedSettings {

  private static final String NAME = "settings";
  private static final int SIZE = 4096;

  /** The version of the maps' layout and of the records in the journal. */
  private static final int LAYOUT = 1;

  private static final String LAYOUT_KEY = "layout";
  private static final String TAG_KEYS = "flow.tag";
  private static final String BUCKET_KEYS = "flow.bucket";

  private PinnedSettings() {}

  /** Returns whether a folder holds a dataplane. */
  static boolean exist(MapPins pins) {
    return pins.contains(NAME);
  }

  /**
   * Returns a configuration with the stored keys of the flow table.
   *
   * @throws dev.katran.internal.failure.Failure if the maps do not fit the configuration
   */
  static DataplaneConfig read(MapPins pins, DataplaneConfig config) {
    Map<String, String> stored = load(pins);
    Map<String, String> wanted = sizes(config);
    int layout = Integer.parseInt(stored.getOrDefault(LAYOUT_KEY, "0"));
    if (layout != LAYOUT) {
      throw pins.damaged(
          "its maps have layout %d, and this version of the library has layout %d"
              .formatted(layout, LAYOUT));
    }
    for (Map.Entry<String, String> setting : wanted.entrySet()) {
      String before = stored.get(setting.getKey());
      if (!setting.getValue().equals(before)) {
        throw pins.damaged(
            "%s was %s and is now %s; keep it"
                .formatted(setting.getKey(), before, setting.getValue()));
      }
    }
    FlowSecret secret = FlowSecret.of(keys(stored, TAG_KEYS), keys(stored, BUCKET_KEYS));
    return config.with(c -> c.flowSecret = secret);
  }

  private static Map<String, String> load(MapPins pins) {
    try (BpfMap map = pins.open(NAME)) {
      byte[] bytes = map.mmap().toArray(ValueLayout.JAVA_BYTE);
      int length = 0;
      while (length < bytes.length && bytes[length] != 0) {
        length++;
      }
      Properties properties = new Properties();
      properties.load(new StringReader(new String(bytes, 0, length, StandardCharsets.UTF_8)));
      Map<String, String> values = new TreeMap<>();
      properties
          .stringPropertyNames()
          .forEach(name -> values.put(name, properties.getProperty(name)));
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not from a string
    }
  }

  private static long[] keys(Map<String, String> stored, String name) {
    return Arrays.stream(stored.getOrDefault(name, "").split(","))
        .mapToLong(key -> Long.parseUnsignedLong(key, 16))
        .toArray();
  }

  /** Writes the settings of a dataplane whose maps are all pinned. */
  static void write(MapPins pins, DataplaneConfig config) {
    Properties properties = new Properties();
    properties.setProperty(LAYOUT_KEY, Integer.toString(LAYOUT));
    properties.setProperty(TAG_KEYS, text(config.flowSecret().tagKeys()));
    properties.setProperty(BUCKET_KEYS, text(config.flowSecret().bucketKeys()));
    sizes(config).forEach(properties::setProperty);
    StringWriter text = new StringWriter();
    try {
      properties.store(text, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not into a string
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    try (BpfMap map =
        MapCreation.create(
            MapSpec.array(NAME).valueSize(SIZE).maxEntries(1).flags(BpfConstants.BPF_F_MMAPABLE))) {
      map.mmap().copyFrom(MemorySegment.ofArray(bytes));
      pins.replace(NAME, map);
    }
  }

  private static String text(long[] keys) {
    return Arrays.stream(keys).mapToObj(Long::toHexString).collect(Collectors.joining(","));
  }

  private static Map<String, String> sizes(DataplaneConfig config) {
    Limits limits = config.limits();
    Map<String, String> sizes = new TreeMap<>();
    sizes.put("Limits.vips", Integer.toString(limits.vips()));
    sizes.put("Limits.backends", Integer.toString(limits.backends()));
    sizes.put("Limits.ringSize", Integer.toString(limits.ringSize()));
    sizes.put("Limits.flowTableSize", Integer.toString(limits.flowTableSize()));
    sizes.put("Limits.serverIds", Integer.toString(limits.serverIds()));
    sizes.put("Limits.sourceRoutes", Integer.toString(limits.sourceRoutes()));
    sizes.put("Limits.hashSeed", Integer.toString(limits.hashSeed()));
    sizes.put(
        "forwardingCores",
        config.flowTableCpus().stream()
            .map(cpu -> Integer.toString(cpu.cpu()))
            .collect(Collectors.joining(",", "[", "]")));
    return sizes;
  }
}
