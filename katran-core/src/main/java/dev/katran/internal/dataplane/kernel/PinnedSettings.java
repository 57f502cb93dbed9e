package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Splitter;
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
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What the contents of pinned maps depend on: their layout, and the keys of the flow table. In a
 * map of its own, which is pinned last: without it, the other maps are what an open() has left that
 * did not succeed.
 *
 * @param layout the layout of the maps
 * @param secret the keys of the flow table
 * @param required the names of the maps without which the others are of no use
 */
record PinnedSettings(PinnedLayout layout, FlowSecret secret, List<String> required) {

  /** The name of the map's pin. */
  static final String NAME = "settings";

  /** Room for many more fields than there are. */
  private static final int SIZE = 1 << 15;

  private static final String TAG_KEYS = "flow.tag";
  private static final String BUCKET_KEYS = "flow.bucket";
  private static final String REQUIRED = "maps";

  /** Returns the settings of a dataplane. */
  static PinnedSettings of(DataplaneConfig config, MapGeometry geometry) {
    return new PinnedSettings(
        PinnedLayout.of(config, geometry), config.flowSecret(), KernelTables.required(config));
  }

  /** Reads the settings of pinned maps. */
  static PinnedSettings read(MapPins pins) {
    Map<String, String> text = load(pins);
    FlowSecret secret = FlowSecret.of(keys(text.remove(TAG_KEYS)), keys(text.remove(BUCKET_KEYS)));
    String required = text.getOrDefault(REQUIRED, "");
    text.remove(REQUIRED);
    return new PinnedSettings(
        new PinnedLayout(text), secret, Splitter.on(',').splitToList(required));
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

  private static long[] keys(String text) {
    return Arrays.stream(text.split(","))
        .mapToLong(key -> Long.parseUnsignedLong(key, 16))
        .toArray();
  }

  /** Writes the settings of a dataplane whose maps are all pinned. */
  void write(MapPins pins) {
    Properties properties = new Properties();
    layout.text().forEach(properties::setProperty);
    properties.setProperty(TAG_KEYS, text(secret.tagKeys()));
    properties.setProperty(BUCKET_KEYS, text(secret.bucketKeys()));
    properties.setProperty(REQUIRED, String.join(",", required));
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
}
