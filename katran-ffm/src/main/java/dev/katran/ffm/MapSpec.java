package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_F_NO_PREALLOC;
import static dev.katran.ffm.BpfConstants.BPF_F_NUMA_NODE;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_HASH;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_LPM_TRIE;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_LRU_HASH;

import dev.katran.ffm.internal.BpfMaps;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An immutable description of a map to create with {@link BpfMap#create(MapSpec)}.
 *
 * <pre>{@code
 * MapSpec spec = MapSpec.hash("server_ids").keySize(4).valueSize(4).maxEntries(1 << 16);
 * try (BpfMap serverIds = BpfMap.create(spec)) {
 *   ...
 * }
 * }</pre>
 *
 * <p>Every option method returns a changed copy. The options check ranges; whether the combination
 * suits the map type is up to the kernel.
 *
 * @since 0.1.0
 */
public final class MapSpec {

  /** The characters that the kernel accepts, see bpf_obj_name_cpy in kernel/bpf/syscall.c. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.]+");

  /** The inner_map_fd of a map that is not a map of maps, see struct bpf_map_create_opts. */
  private static final int NO_INNER_MAP = 0;

  private final int type;
  private final String name;
  private final int keySize;
  private final int valueSize;
  private final int maxEntries;
  private final int flags;
  private final int numaNode;
  private final @Nullable BpfMap template;

  private MapSpec(
      int type,
      String name,
      int keySize,
      int valueSize,
      int maxEntries,
      int flags,
      int numaNode,
      @Nullable BpfMap template) {
    this.type = type;
    this.name = name;
    this.keySize = keySize;
    this.valueSize = valueSize;
    this.maxEntries = maxEntries;
    this.flags = flags;
    this.numaNode = numaNode;
    this.template = template;
  }

  /**
   * Describes a map of any type, without sizes or flags.
   *
   * @param type such as {@link BpfConstants#BPF_MAP_TYPE_ARRAY}
   * @param name letters, digits, {@code _} and {@code .}; the kernel keeps the first 15 characters
   * @throws IllegalArgumentException if the name is empty or contains another character
   */
  public static MapSpec of(int type, String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "map name \"" + name + "\": use one or more letters, digits, _ or .");
    }
    return new MapSpec(type, name, 0, 0, 0, 0, 0, null);
  }

  /** Describes an array; its keys are the 4-byte indices 0 to max entries - 1. */
  public static MapSpec array(String name) {
    return of(BPF_MAP_TYPE_ARRAY, name).keySize(Integer.BYTES);
  }

  /** Describes a hash table. */
  public static MapSpec hash(String name) {
    return of(BPF_MAP_TYPE_HASH, name);
  }

  /** Describes a hash table that evicts the least recently used entries when it is full. */
  public static MapSpec lruHash(String name) {
    return of(BPF_MAP_TYPE_LRU_HASH, name);
  }

  /**
   * Describes a longest-prefix-match table, with {@link BpfConstants#BPF_F_NO_PREALLOC}, which the
   * kernel requires for this type.
   */
  public static MapSpec lpmTrie(String name) {
    return of(BPF_MAP_TYPE_LPM_TRIE, name).flags(BPF_F_NO_PREALLOC);
  }

  /**
   * Describes an array of maps.
   *
   * @param maxEntries the number of inner maps it has room for, greater than 0
   * @param template a map with the type, sizes and flags of the inner maps; it must be open when
   *     the array is created and may be closed afterwards
   */
  public static MapSpec arrayOfMaps(String name, int maxEntries, BpfMap template) {
    return of(BPF_MAP_TYPE_ARRAY_OF_MAPS, name)
        .keySize(Integer.BYTES)
        .valueSize(Integer.BYTES)
        .maxEntries(maxEntries)
        .template(template);
  }

  /**
   * Sets the size of a key.
   *
   * @param bytes 0 to 2^31 - 1
   */
  public MapSpec keySize(long bytes) {
    int size = size("key size", bytes);
    return new MapSpec(type, name, size, valueSize, maxEntries, flags, numaNode, template);
  }

  /**
   * Sets the size of a value.
   *
   * @param bytes 0 to 2^31 - 1
   */
  public MapSpec valueSize(long bytes) {
    int size = size("value size", bytes);
    return new MapSpec(type, name, keySize, size, maxEntries, flags, numaNode, template);
  }

  /**
   * Sets the capacity of the map.
   *
   * @param maxEntries the number of entries, or the bytes of a ring buffer; greater than 0
   */
  public MapSpec maxEntries(int maxEntries) {
    require(maxEntries > 0, "max entries", maxEntries, "greater than 0");
    return new MapSpec(type, name, keySize, valueSize, maxEntries, flags, numaNode, template);
  }

  /**
   * Adds flags to those that are already set.
   *
   * @param flags such as {@link BpfConstants#BPF_F_MMAPABLE}
   */
  public MapSpec flags(int flags) {
    return new MapSpec(
        type, name, keySize, valueSize, maxEntries, this.flags | flags, numaNode, template);
  }

  /**
   * Places the map's memory on a NUMA node, with {@link BpfConstants#BPF_F_NUMA_NODE}.
   *
   * @param node 0 or more; the kernel rejects a node that does not exist
   */
  public MapSpec numaNode(int node) {
    require(node >= 0, "NUMA node", node, "0 or more");
    return new MapSpec(
        type, name, keySize, valueSize, maxEntries, flags | BPF_F_NUMA_NODE, node, template);
  }

  /**
   * Sets the template of the inner maps of a map of maps.
   *
   * @param template a map with the type, sizes and flags of the inner maps; it must be open when
   *     the outer map is created and may be closed afterwards
   */
  public MapSpec template(BpfMap template) {
    return new MapSpec(type, name, keySize, valueSize, maxEntries, flags, numaNode, template);
  }

  /** Returns the name, unabridged. */
  public String name() {
    return name;
  }

  /** Returns the map type, such as {@link BpfConstants#BPF_MAP_TYPE_ARRAY}. */
  public int type() {
    return type;
  }

  /** Returns the size of a key in bytes. */
  public int keySize() {
    return keySize;
  }

  /** Returns the size of a value in bytes. */
  public int valueSize() {
    return valueSize;
  }

  /** Returns the number of entries, or the bytes of a ring buffer; 0 if it was not set. */
  public int maxEntries() {
    return maxEntries;
  }

  /** Returns the flags, including those that other options added. */
  public int flags() {
    return flags;
  }

  /** Returns the NUMA node, valid only if the flags include {@code BPF_F_NUMA_NODE}. */
  public int numaNode() {
    return numaNode;
  }

  /** Returns the template of the inner maps, or null if it was not set. */
  public @Nullable BpfMap template() {
    return template;
  }

  /** Returns the name and the options, for example for an exception's message. */
  @Override
  public String toString() {
    String node = (flags & BPF_F_NUMA_NODE) == 0 ? "" : ", NUMA node " + numaNode;
    String inner = template == null ? "" : ", template " + template.name();
    return "map %s (type %d, key size %d, value size %d, max entries %d, flags 0x%x%s%s)"
        .formatted(name, type, keySize, valueSize, maxEntries, flags, node, inner);
  }

  /** Creates the map and returns its file descriptor. */
  int create() {
    LibbpfLibrary.ensureLoaded();
    int inner = template == null ? NO_INNER_MAP : template.fd();
    int fd = BpfMaps.create(type, name, keySize, valueSize, maxEntries, flags, inner, numaNode);
    if (fd < 0) {
      throw new BpfException("create " + this, -fd);
    }
    return fd;
  }

  private int size(String option, long bytes) {
    require(bytes >= 0 && bytes <= Integer.MAX_VALUE, option, bytes, "0 to 2^31 - 1");
    return (int) bytes;
  }

  private void require(boolean holds, String option, long value, String range) {
    if (!holds) {
      throw new IllegalArgumentException(
          "map " + name + ": " + option + " " + value + ", must be " + range);
    }
  }
}
