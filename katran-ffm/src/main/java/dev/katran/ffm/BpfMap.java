package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_ANY;
import static dev.katran.ffm.BpfConstants.BPF_F_MMAPABLE;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.BpfMaps;
import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.Infos;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A map: a table in the kernel that programs and user space share.
 *
 * <p>A map of a {@link BpfObject} can be configured before the load, is usable from then on, and is
 * closed with its object. A map that was {@linkplain #create created} or {@linkplain #openPinned
 * opened} by itself is closed by whoever did it; the kernel keeps it as long as anything refers to
 * it.
 *
 * <p>Keys and values are native segments of at least {@link #keySize()} and {@link #bufferSize()}
 * bytes, in C's layout; calls neither copy nor allocate. In a per-CPU map a value stands for each
 * possible CPU, {@link #valueStride()} bytes apart.
 */
public final class BpfMap implements AutoCloseable {

  private static final int ALIGNMENT = 8;
  private static final int NO_INNER_MAP = 0;

  private final String name;
  private final int type;
  private final int keySize;
  private final int valueSize;
  private final long bufferSize;

  /** libbpf's view of the map; NULL for a map that is in no object. */
  private final MemorySegment handle;

  private int maxEntries;
  private int flags;
  private volatile int fd;
  private boolean wanted = true;
  private int innerMaxEntries;
  private @Nullable BpfMap template;
  private @Nullable MapMemory mapping;

  /** A map of an object. */
  BpfMap(MemorySegment handle) {
    this.handle = handle;
    this.fd = FdState.NOT_LOADED;
    this.name = BpfObjects.mapName(handle);
    this.type = BpfObjects.mapType(handle);
    this.keySize = BpfObjects.keySize(handle);
    this.valueSize = BpfObjects.valueSize(handle);
    this.bufferSize = bufferSize(type, valueSize);
    refresh();
  }

  /** A map that owns its file descriptor. */
  private BpfMap(int fd, Infos.MapInfo info) {
    this.handle = MemorySegment.NULL;
    this.fd = fd;
    this.name = info.name();
    this.type = info.type();
    this.keySize = info.keySize();
    this.valueSize = info.valueSize();
    this.bufferSize = bufferSize(type, valueSize);
    this.maxEntries = info.maxEntries();
    this.flags = info.flags();
  }

  /**
   * Creates a map that belongs to no object, such as one to put into a map of maps.
   *
   * @param type such as {@link BpfConstants#BPF_MAP_TYPE_ARRAY}
   * @param name letters, digits, {@code _} and {@code .}; the kernel keeps 15 characters
   * @param keySize in bytes, 4 for an array
   * @param valueSize in bytes
   * @param maxEntries greater than 0
   * @param flags such as {@link BpfConstants#BPF_F_MMAPABLE}; 0 for none
   * @throws BpfException if the kernel refuses
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static BpfMap create(
      int type, String name, int keySize, int valueSize, int maxEntries, int flags) {
    return create(type, name, keySize, valueSize, maxEntries, flags, NO_INNER_MAP, 0);
  }

  /**
   * Creates a map whose memory is on a NUMA node.
   *
   * @param node 0 or more
   * @throws BpfException if there is no such node ({@code EINVAL}), or the kernel refuses
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static BpfMap createOnNode(
      int node, int type, String name, int keySize, int valueSize, int maxEntries, int flags) {
    return create(
        type,
        name,
        keySize,
        valueSize,
        maxEntries,
        flags | BpfConstants.BPF_F_NUMA_NODE,
        NO_INNER_MAP,
        node);
  }

  /**
   * Creates an array of maps that belongs to no object, empty at first.
   *
   * @param name letters, digits, {@code _} and {@code .}; the kernel keeps 15 characters
   * @param maxEntries how many maps it has room for, greater than 0
   * @param template what the maps in it are like; may be closed afterwards
   * @throws BpfException if the kernel refuses
   */
  public static BpfMap createArrayOfMaps(String name, int maxEntries, BpfMap template) {
    return create(
        BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS,
        name,
        Integer.BYTES,
        Integer.BYTES,
        maxEntries,
        /* flags= */ 0,
        template.fd(),
        /* numaNode= */ 0);
  }

  private static BpfMap create(
      int type,
      String name,
      int keySize,
      int valueSize,
      int maxEntries,
      int flags,
      int inner,
      int numaNode) {
    LibbpfLibrary.ensureLoaded();
    int fd = BpfMaps.create(type, name, keySize, valueSize, maxEntries, flags, inner, numaNode);
    if (fd < 0) {
      throw new BpfException("create map " + name, -fd);
    }
    return own(fd);
  }

  /**
   * Opens the map that is pinned at {@code path}.
   *
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or no map ({@code EINVAL})
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static BpfMap openPinned(Path path) {
    return own(Pins.open("map", path));
  }

  private static BpfMap own(int fd) {
    try {
      return new BpfMap(fd, Infos.map(fd));
    } catch (RuntimeException e) {
      LibC.close(fd);
      throw e;
    }
  }

  /**
   * How many CPUs this system can have, greater than 0: so many values has an entry of a per-CPU
   * map, whether the CPUs are there or not.
   *
   * @throws BpfException if the system does not tell
   * @throws LibbpfUnavailableException if there is no libbpf to work with
   */
  public static int possibleCpus() {
    LibbpfLibrary.ensureLoaded();
    int cpus = Bpf.possibleCpus();
    if (cpus < 0) {
      throw new BpfException(
          "read /sys/devices/system/cpu/possible (sysfs must be mounted at /sys, read-only will do)",
          -cpus);
    }
    return cpus;
  }

  /** The map's name; for a map of constants or variables, that of its section. */
  public String name() {
    return name;
  }

  /** The map's type, such as {@link BpfConstants#BPF_MAP_TYPE_HASH}. */
  public int type() {
    return type;
  }

  /** The size of a key in bytes; 0 for a ring buffer. */
  public int keySize() {
    return keySize;
  }

  /** The size of a value in bytes; in a per-CPU map, that of one CPU's. */
  public int valueSize() {
    return valueSize;
  }

  /** The distance of two values in an array's memory or in a per-CPU entry: a multiple of 8. */
  public int valueStride() {
    return (int) roundUp(valueSize, ALIGNMENT);
  }

  /** The size of what {@link #lookup} fills and {@link #update} reads, in bytes. */
  public long bufferSize() {
    return bufferSize;
  }

  /** How many entries the map may have; for a ring buffer, its size in bytes. */
  public int maxEntries() {
    return maxEntries;
  }

  /** The map's flags, such as {@link BpfConstants#BPF_F_MMAPABLE}. */
  public int flags() {
    return flags;
  }

  /**
   * Sets how many entries the map will have, greater than 0.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfMap maxEntries(int maxEntries) {
    requireNotLoaded();
    check("configure", BpfObjects.setMaxEntries(handle, positive(maxEntries)));
    refresh();
    return this;
  }

  /**
   * Sets how many entries the template of a map of maps has, greater than 0.
   *
   * @throws IllegalStateException if the object is loaded or closed, or this is no map of maps
   */
  public BpfMap innerMaxEntries(int maxEntries) {
    requireNotLoaded();
    if (BpfObjects.isNull(BpfObjects.innerMap(handle))) {
      throw new IllegalStateException("map " + name + " is no map of maps");
    }
    innerMaxEntries = positive(maxEntries);
    return this;
  }

  /**
   * Sets the flags the map is created with, all of them: {@code flags() | more} adds some.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfMap flags(int flags) {
    requireNotLoaded();
    check("configure", BpfObjects.setMapFlags(handle, flags));
    refresh();
    return this;
  }

  /**
   * Whether the map is created when its object is loaded; all are unless this says otherwise. A map
   * that is not created must not be referred to by code that can be reached.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfMap create(boolean create) {
    requireNotLoaded();
    check("configure", BpfObjects.setAutocreate(handle, create));
    wanted = create;
    return this;
  }

  /**
   * Has the object use another map in this one's place, instead of creating one when it is loaded:
   * so several objects share a map, and it outlives them. This map refers to the other from then
   * on, and is closed on its own.
   *
   * @throws BpfException if the kernel refuses
   * @throws IllegalStateException if the object is loaded or closed, or the other map is closed
   */
  public BpfMap reuse(BpfMap other) {
    requireNotLoaded();
    check("configure", BpfObjects.reuse(handle, other.fd()));
    refresh();
    return this;
  }

  /**
   * The map's file descriptor, 0 or more, open until the map is closed.
   *
   * @throws IllegalStateException if the map is not loaded, was not created, or is closed
   */
  public int fd() {
    return FdState.require(this, fd);
  }

  /**
   * Reads the value of a key into {@code value}.
   *
   * @return whether the map has the key
   * @throws BpfException if the kernel refuses
   */
  public boolean lookup(MemorySegment key, MemorySegment value) {
    return found("look up in", BpfMaps.lookup(fd(), key(key), require(value, bufferSize, "value")));
  }

  /** Writes the value of a key, whether the map has it or not. */
  public void update(MemorySegment key, MemorySegment value) {
    update(key, value, BPF_ANY);
  }

  /**
   * Writes the value of a key.
   *
   * @param flags {@link BpfConstants#BPF_ANY}, {@link BpfConstants#BPF_NOEXIST} or {@link
   *     BpfConstants#BPF_EXIST}
   * @throws BpfException if the flags forbid it ({@code EEXIST}, {@code ENOENT}), the map is full
   *     ({@code E2BIG}), or the kernel refuses
   */
  public void update(MemorySegment key, MemorySegment value, long flags) {
    check("update", BpfMaps.update(fd(), key(key), require(value, bufferSize, "value"), flags));
  }

  /**
   * Puts a map into this map of maps. When this returns, no program uses the one that was there
   * before.
   *
   * @throws BpfException if {@code inner} does not match the template ({@code EINVAL})
   */
  public void updateInner(MemorySegment key, BpfMap inner) {
    try (Arena arena = Arena.ofConfined()) {
      update(key, arena.allocateFrom(ValueLayout.JAVA_INT, inner.fd()), BPF_ANY);
    }
  }

  /**
   * Puts maps into this map of maps in one system call. From Linux 6.8 on no program uses those
   * that were there before when this returns; older kernels may return earlier.
   *
   * @param keys one for each map, one after the other
   * @param inners one at least
   * @throws BpfException if the kernel knows no such batches, see {@link
   *     BpfException#isNotSupported}, or refuses one of the maps; those before it were put
   */
  public void updateInnerBatch(MemorySegment keys, List<BpfMap> inners) {
    int[] fds = inners.stream().mapToInt(BpfMap::fd).toArray();
    try (Arena arena = Arena.ofConfined()) {
      updateBatch(keys, arena.allocateFrom(ValueLayout.JAVA_INT, fds), fds.length);
    }
  }

  /**
   * Deletes a key; an array's cannot be ({@code EINVAL}).
   *
   * @return whether the map had the key
   * @throws BpfException if the kernel refuses
   */
  public boolean delete(MemorySegment key) {
    return found("delete from", BpfMaps.delete(fd(), key(key)));
  }

  /**
   * Finds the key after {@code key}, in no particular order. In a hash table that changes
   * meanwhile, keys may be missed or come twice.
   *
   * @param key null for the first key; if the map does not have it any more, likewise
   * @param next where the key goes
   * @return whether there is one
   */
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    return found(
        "list", BpfMaps.nextKey(fd(), key == null ? MemorySegment.NULL : key(key), key(next)));
  }

  /**
   * Calls {@code action} for every key, as {@link #nextKey} finds them; it may delete the key, and
   * must not keep the segment.
   */
  public void forEachKey(Consumer<MemorySegment> action) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(keySize, ALIGNMENT);
      MemorySegment next = arena.allocate(keySize, ALIGNMENT);
      boolean more = nextKey(null, key);
      while (more) {
        more = nextKey(key, next);
        action.accept(key);
        key.copyFrom(next);
      }
    }
  }

  /**
   * Reads the whole map, {@code batchSize} entries per system call.
   *
   * @param batchSize greater than 0
   */
  public MapCursor entries(int batchSize) {
    return new MapCursor(this, positive(batchSize));
  }

  /**
   * Writes many entries in one system call, whether the map has their keys or not.
   *
   * @param keys the keys, one after the other
   * @param values their values, likewise, {@link #bufferSize()} bytes each
   * @param count how many, greater than 0
   * @return how many were written, which is {@code count}
   * @throws BpfException if one of them could not be written; those before it were
   */
  public int updateBatch(MemorySegment keys, MemorySegment values, int count) {
    require(keys, (long) positive(count) * keySize, "keys");
    require(values, count * bufferSize, "values");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
      check("update", BpfMaps.updateBatch(fd(), keys, values, done));
      return done.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Deletes many keys in one system call, up to the first that the map does not have.
   *
   * @param keys the keys, one after the other
   * @param count how many, greater than 0
   * @return how many were deleted
   * @throws BpfException if the kernel refuses
   */
  public int deleteBatch(MemorySegment keys, int count) {
    require(keys, (long) positive(count) * keySize, "keys");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
      found("delete from", BpfMaps.deleteBatch(fd(), keys, done));
      return done.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * The memory of an array that was created with {@link BpfConstants#BPF_F_MMAPABLE}: values {@link
   * #valueStride()} apart, read and written without system calls, by programs as well. The segment
   * is as long as the mapping, whole pages; it ends when the map is closed.
   *
   * @return always the same segment
   * @throws BpfException if the kernel refuses, as for a frozen map ({@code EPERM})
   * @throws IllegalStateException if the map is no such array, or closed
   */
  public synchronized MemorySegment mmap() {
    fd(); // which a closed map does not have
    if (type != BPF_MAP_TYPE_ARRAY || (flags & BPF_F_MMAPABLE) == 0) {
      throw new IllegalStateException("map " + name + " is no array that can be mapped");
    }
    if (mapping == null) {
      mapping = MapMemory.map(this);
    }
    return mapping.segment();
  }

  /**
   * Makes the map read-only for user space, for good; programs may still write to it.
   *
   * @throws BpfException if the map is mapped into memory ({@code EBUSY}), or the kernel refuses
   */
  public void freeze() {
    check("freeze", BpfMaps.freeze(fd()));
  }

  /**
   * Gives the map a name in a BPF file system, which keeps it alive until the name is removed.
   *
   * @throws BpfException if the name is taken ({@code EEXIST}), or not in a BPF file system ({@code
   *     EPERM})
   */
  public void pin(Path path) {
    Pins.pin(this, fd(), path);
  }

  /** The memory that the kernel has allotted to the map, in bytes. */
  public long kernelMemory() {
    return FdInfo.of(fd()).number("memlock").orElse(0);
  }

  /** Ends the mapping, if there is one: its segment is of no use any more. */
  public synchronized void munmap() {
    if (mapping != null) {
      mapping.close();
      mapping = null;
    }
  }

  /** Ends the mapping and, unless the map belongs to an object, closes its file descriptor. */
  @Override
  public synchronized void close() {
    munmap();
    int open = fd;
    fd = FdState.CLOSED;
    if (open >= 0 && BpfObjects.isNull(handle)) {
      LibC.close(open);
    }
  }

  @Override
  public String toString() {
    return "map " + name;
  }

  MemorySegment handle() {
    return handle;
  }

  void beforeLoad() {
    if (wanted && innerMaxEntries > 0) {
      template = MapTemplate.resized(handle, innerMaxEntries);
      check("configure", BpfObjects.setInnerMap(handle, template.fd()));
    }
  }

  void afterLoad() {
    if (template != null) {
      template.close();
      template = null;
    }
  }

  void loaded() {
    fd = FdState.loaded(BpfObjects.mapFd(handle));
    refresh();
  }

  private void refresh() {
    maxEntries = BpfObjects.maxEntries(handle);
    flags = BpfObjects.mapFlags(handle);
  }

  private void requireNotLoaded() {
    FdState.requireNotLoaded(this, fd);
  }

  private void check(String verb, int rc) {
    if (rc < 0) {
      throw new BpfException(verb + " map " + name, -rc);
    }
  }

  private boolean found(String verb, int rc) {
    if (rc == -Errno.ENOENT) {
      return false;
    }
    check(verb, rc);
    return true;
  }

  private MemorySegment key(MemorySegment key) {
    return require(key, keySize, "key");
  }

  private MemorySegment require(MemorySegment segment, long size, String what) {
    if (!segment.isNative() || segment.byteSize() < size) {
      throw new IllegalArgumentException(
          what + " of map " + name + ": " + size + " native bytes are needed, not " + segment);
    }
    return segment;
  }

  private static int positive(int number) {
    if (number <= 0) {
      throw new IllegalArgumentException(number + " is not greater than 0");
    }
    return number;
  }

  private static long bufferSize(int type, int valueSize) {
    return BpfConstants.isPerCpu(type) ? roundUp(valueSize, ALIGNMENT) * possibleCpus() : valueSize;
  }

  static long roundUp(long number, int multiple) {
    return (number + multiple - 1) / multiple * multiple;
  }
}
