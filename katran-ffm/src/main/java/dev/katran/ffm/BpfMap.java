package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_ANY;
import static dev.katran.ffm.BpfConstants.BPF_F_MMAPABLE;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.BpfMaps;
import dev.katran.ffm.internal.BpfObjects;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A BPF map: a table in the kernel that programs and user space share.
 *
 * <p>A map of a {@link BpfObject} can be configured before the object is loaded, is usable after
 * the load, and is closed with the object. A map from {@link #create(MapSpec)} or {@link
 * #openPinned} is closed by its caller. The kernel frees a map when nothing refers to it any
 * longer.
 *
 * <p>Keys and values are native segments of at least {@link #keySize()} and {@link #bufferSize()}
 * bytes, in C's layout. Calls neither copy nor allocate. A value of a per-CPU map holds one element
 * per possible CPU, {@link #valueStride()} bytes apart.
 *
 * @since 0.1.0
 */
public final class BpfMap implements AutoCloseable {

  private final String name;
  private final int type;
  private final MapLayout layout;

  /** libbpf's {@code struct bpf_map}; NULL for a map that belongs to no object. */
  private final MemorySegment handle;

  private int maxEntries;
  private int flags;
  private volatile int fd;
  private boolean autocreate = true;
  private @Nullable MapTemplate template;
  private @Nullable MapMemory mapping;

  /** Wraps a map of an object. */
  BpfMap(MemorySegment handle) {
    this.handle = handle;
    this.fd = FdState.NOT_LOADED;
    this.name = BpfObjects.mapName(handle);
    this.type = BpfObjects.mapType(handle);
    this.layout =
        MapLayout.of(name, type, BpfObjects.keySize(handle), BpfObjects.valueSize(handle));
    refresh();
  }

  /** Wraps a map that owns its file descriptor. */
  private BpfMap(int fd, KernelInfo.MapInfo info) {
    this.handle = MemorySegment.NULL;
    this.fd = fd;
    this.name = info.name();
    this.type = info.type();
    this.layout = MapLayout.of(name, type, info.keySize(), info.valueSize());
    this.maxEntries = info.maxEntries();
    this.flags = info.flags();
  }

  /**
   * Creates a map that belongs to no object, for example an inner map of a map of maps.
   *
   * @throws BpfException if the kernel rejects the map
   * @throws LibbpfUnavailableException if libbpf cannot be used
   * @throws IllegalStateException if the template is closed
   */
  public static BpfMap create(MapSpec spec) {
    return own(spec.create());
  }

  /**
   * Opens the map that is pinned at {@code path}.
   *
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or an object that is not a
   *     map ({@code EINVAL})
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static BpfMap openPinned(Path path) {
    return own(Pins.open("map", path));
  }

  /**
   * Opens a map by its id, which needs CAP_SYS_ADMIN.
   *
   * @throws BpfException if there is no such map ({@code ENOENT})
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static BpfMap openById(int id) {
    LibbpfLibrary.ensureLoaded();
    int fd = Bpf.mapById(id);
    if (fd < 0) {
      throw new BpfException("open map " + id, -fd);
    }
    return own(fd);
  }

  private static BpfMap own(int fd) {
    try {
      return new BpfMap(fd, KernelInfo.map(fd));
    } catch (RuntimeException | Error e) {
      LibC.close(fd);
      throw e;
    }
  }

  /**
   * Returns the number of possible CPUs, greater than 0. An entry of a per-CPU map has this many
   * values, whether or not the CPUs are online.
   *
   * @throws BpfException if sysfs cannot be read
   * @throws LibbpfUnavailableException if libbpf cannot be used
   */
  public static int possibleCpus() {
    return MapLayout.possibleCpus();
  }

  /** Returns the map's name; for a map of constants or variables, the name of its section. */
  public String name() {
    return name;
  }

  /** Returns the map's type, such as {@link BpfConstants#BPF_MAP_TYPE_HASH}. */
  public int type() {
    return type;
  }

  /** Returns the size of a key in bytes; 0 for a ring buffer. */
  public int keySize() {
    return layout.keySize();
  }

  /** Returns the size of a value in bytes; for a per-CPU map, the size of one CPU's value. */
  public int valueSize() {
    return layout.valueSize();
  }

  /**
   * Returns the distance in bytes between two values in an array's memory or in a per-CPU entry, a
   * multiple of 8.
   */
  public int valueStride() {
    return layout.valueStride();
  }

  /** Returns the number of bytes that {@link #lookup} writes and {@link #update} reads. */
  public long bufferSize() {
    return layout.bufferSize();
  }

  /** Returns the map's capacity in entries; for a ring buffer, its size in bytes. */
  public int maxEntries() {
    return maxEntries;
  }

  /** Returns the map's flags, such as {@link BpfConstants#BPF_F_MMAPABLE}. */
  public int flags() {
    return flags;
  }

  /**
   * Sets the capacity of the map before it is created.
   *
   * @param maxEntries greater than 0
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfMap maxEntries(int maxEntries) {
    requireNotLoaded();
    check("configure", BpfObjects.setMaxEntries(handle, MapLayout.positive(maxEntries)));
    refresh();
    return this;
  }

  /**
   * Sets the capacity of the inner-map template of a map of maps.
   *
   * @param maxEntries greater than 0
   * @throws IllegalStateException if the object is loaded or closed, or this is not a map of maps
   */
  public BpfMap innerMaxEntries(int maxEntries) {
    requireNotLoaded();
    if (BpfObjects.isNull(BpfObjects.innerMap(handle))) {
      throw new IllegalStateException("map " + name + " is not a map of maps");
    }
    template = new MapTemplate(handle, MapLayout.positive(maxEntries));
    return this;
  }

  /**
   * Replaces the flags that the map is created with; {@code flags(flags() | more)} adds some.
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
   * Selects whether the map is created when its object is loaded; by default it is. Reachable code
   * must not refer to a map that is not created.
   *
   * @throws IllegalStateException if the object is loaded or closed
   */
  public BpfMap autocreate(boolean autocreate) {
    requireNotLoaded();
    check("configure", BpfObjects.setAutocreate(handle, autocreate));
    this.autocreate = autocreate;
    return this;
  }

  /**
   * Makes the object use an existing map instead of creating this one when it is loaded. Several
   * objects can share a map this way, and the map outlives them. From then on this handle refers to
   * the other map, but has to be closed separately.
   *
   * @throws BpfException if libbpf or the kernel rejects the map
   * @throws IllegalStateException if the object is loaded or closed, or the other map is closed
   */
  public BpfMap reuse(BpfMap other) {
    requireNotLoaded();
    check("configure", BpfObjects.reuse(handle, other.fd()));
    refresh();
    return this;
  }

  /**
   * Returns the map's file descriptor, 0 or more, which stays open until the map is closed.
   *
   * @throws IllegalStateException if the map is not loaded, was not created, or is closed
   */
  public int fd() {
    return FdState.require(this, fd);
  }

  /**
   * Returns the id of the map in the kernel, greater than 0.
   *
   * @throws BpfException if the kernel fails the query
   * @throws IllegalStateException if the map is not loaded, was not created, or is closed
   */
  public int id() {
    return KernelInfo.map(fd()).id();
  }

  /**
   * Returns the {@linkplain #id id} of an inner map of this map of maps; 0 if there is none.
   *
   * @throws BpfException if the kernel fails the call
   */
  public int innerId(int key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment id = arena.allocate(ValueLayout.JAVA_INT);
      return lookup(arena.allocateFrom(ValueLayout.JAVA_INT, key), id)
          ? id.get(ValueLayout.JAVA_INT, 0)
          : 0;
    }
  }

  /**
   * Looks up a key and copies its value into {@code value}.
   *
   * @return whether the map contains the key
   * @throws BpfException if the kernel fails the call
   */
  public boolean lookup(MemorySegment key, MemorySegment value) {
    return found("look up in", BpfMaps.lookup(fd(), layout.key(key), layout.value(value)));
  }

  /** Inserts an entry or replaces its value. */
  public void update(MemorySegment key, MemorySegment value) {
    update(key, value, BPF_ANY);
  }

  /**
   * Writes the value of a key.
   *
   * @param flags {@link BpfConstants#BPF_ANY}, {@link BpfConstants#BPF_NOEXIST} or {@link
   *     BpfConstants#BPF_EXIST}
   * @throws BpfException if the flags do not permit it ({@code EEXIST}, {@code ENOENT}), the map is
   *     full ({@code E2BIG}), or the kernel fails the call for another reason
   */
  public void update(MemorySegment key, MemorySegment value, long flags) {
    check("update", BpfMaps.update(fd(), layout.key(key), layout.value(value), flags));
  }

  /**
   * Installs an inner map in this map of maps. When this returns, no program uses the previous
   * inner map any longer.
   *
   * @throws BpfException if {@code inner} does not match the template ({@code EINVAL})
   */
  public void updateInner(MemorySegment key, BpfMap inner) {
    try (Arena arena = Arena.ofConfined()) {
      update(key, arena.allocateFrom(ValueLayout.JAVA_INT, inner.fd()), BPF_ANY);
    }
  }

  /**
   * Installs several inner maps in this map of maps in one system call. Since Linux 6.8, no program
   * uses the previous inner maps any longer when this returns; older kernels may return earlier.
   *
   * @param keys one key per inner map, contiguous
   * @param inners at least one map
   * @throws BpfException if the kernel does not support such batches, see {@link
   *     BpfException#isNotSupported}, or rejects one of the maps; those before it are installed
   */
  public void updateInnerBatch(MemorySegment keys, List<BpfMap> inners) {
    int[] fds = inners.stream().mapToInt(BpfMap::fd).toArray();
    try (Arena arena = Arena.ofConfined()) {
      updateBatch(keys, arena.allocateFrom(ValueLayout.JAVA_INT, fds), fds.length);
    }
  }

  /**
   * Deletes an entry. Entries of an array cannot be deleted ({@code EINVAL}).
   *
   * @return whether the map contained the key
   * @throws BpfException if the kernel fails the call
   */
  public boolean delete(MemorySegment key) {
    return found("delete from", BpfMaps.delete(fd(), layout.key(key)));
  }

  /**
   * Finds the key that follows {@code key}, in no particular order. If a hash table changes during
   * the iteration, keys may be missed or returned twice.
   *
   * @param key the previous key; null, or a key that was deleted, starts over with the first one
   * @param next receives the key
   * @return whether there is a next key
   */
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    MemorySegment previous = key == null ? MemorySegment.NULL : layout.key(key);
    return found("list", BpfMaps.nextKey(fd(), previous, layout.key(next)));
  }

  /**
   * Calls {@code action} for every key, in the order of {@link #nextKey}. The action may delete the
   * key; it must not keep the segment.
   */
  public void forEachKey(Consumer<MemorySegment> action) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(keySize(), MapLayout.ALIGNMENT);
      MemorySegment next = arena.allocate(keySize(), MapLayout.ALIGNMENT);
      boolean more = nextKey(null, key);
      while (more) {
        more = nextKey(key, next);
        action.accept(key);
        key.copyFrom(next);
      }
    }
  }

  /**
   * Returns a cursor that reads the whole map in batches.
   *
   * @param batchSize the number of entries per system call, greater than 0
   * @param memory receives the entries and must live as long as the cursor is used
   */
  public MapCursor entries(int batchSize, SegmentAllocator memory) {
    return new MapCursor(layout, this::fd, MapLayout.positive(batchSize), memory);
  }

  /**
   * Inserts or replaces many entries in one system call.
   *
   * @param keys the keys, contiguous
   * @param values the values, contiguous, {@link #bufferSize()} bytes each
   * @param count the number of entries, greater than 0
   * @return the number of entries written, which is {@code count}
   * @throws BpfException if an entry cannot be written; those before it are written
   */
  public int updateBatch(MemorySegment keys, MemorySegment values, int count) {
    layout.keys(keys, count);
    layout.values(values, count);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
      check("update", BpfMaps.updateBatch(fd(), keys, values, done));
      return done.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Deletes many entries in one system call, up to the first key that the map does not contain.
   *
   * @param keys the keys, contiguous
   * @param count the number of keys, greater than 0
   * @return the number of entries deleted
   * @throws BpfException if the kernel fails the call
   */
  public int deleteBatch(MemorySegment keys, int count) {
    layout.keys(keys, count);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
      found("delete from", BpfMaps.deleteBatch(fd(), keys, done));
      return done.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /**
   * Maps the values of an array into memory. The array must have been created with {@link
   * BpfConstants#BPF_F_MMAPABLE}. Values are {@link #valueStride()} bytes apart; Java and programs
   * read and write them without system calls. The segment covers the whole mapping, a multiple of
   * the page size, and is valid until {@link #munmap} or {@link #close}.
   *
   * @return the same segment for every call
   * @throws BpfException if the kernel refuses, for example for a frozen map ({@code EPERM})
   * @throws IllegalStateException if the map is closed or not such an array
   */
  public synchronized MemorySegment mmap() {
    int open = requireMappable();
    if (mapping == null) {
      mapping = new MapMemory(open, memorySize(), toString());
    }
    return mapping.segment();
  }

  /**
   * Maps the values of an array into memory, as {@link #mmap} does, until an arena is closed. The
   * mapping keeps the map, even if this handle is closed.
   *
   * @param lifetime closing a shared one makes the JVM stop each thread for a moment
   * @throws BpfException if the kernel refuses, for example for a frozen map ({@code EPERM})
   * @throws IllegalStateException if the map is closed or not such an array
   */
  public synchronized MemorySegment map(Arena lifetime) {
    return MapMemory.map(requireMappable(), memorySize(), toString(), lifetime);
  }

  private int requireMappable() {
    int open = fd();
    if (type != BPF_MAP_TYPE_ARRAY || (flags & BPF_F_MMAPABLE) == 0) {
      throw new IllegalStateException(
          "map " + name + " is not an array with the flag BPF_F_MMAPABLE");
    }
    return open;
  }

  private long memorySize() {
    return (long) maxEntries * valueStride();
  }

  /**
   * Makes the map read-only for user space, permanently. Programs may still write to it.
   *
   * @throws BpfException if the map is mapped into memory ({@code EBUSY}), or the kernel fails the
   *     call for another reason
   */
  public void freeze() {
    check("freeze", BpfMaps.freeze(fd()));
  }

  /**
   * Pins the map in a BPF file system, which keeps it alive until the file is removed.
   *
   * @throws BpfException if the path exists ({@code EEXIST}) or is not in a BPF file system ({@code
   *     EPERM})
   */
  public void pin(Path path) {
    Pins.pin(this, fd(), path);
  }

  /**
   * Returns the kernel memory that the map occupies, in bytes: {@code memlock} in {@code
   * /proc/self/fdinfo}. 0 if that cannot be read or the map is closed.
   */
  public synchronized long kernelMemory() {
    return fd < 0 ? 0 : FdInfo.memory(fd); // close() waits, so the number is not another file's
  }

  /** Unmaps the map from memory, if it is mapped, and invalidates the segment. */
  public synchronized void munmap() {
    if (mapping != null) {
      mapping.close();
      mapping = null;
    }
  }

  /** Unmaps the map and, unless it belongs to an object, closes its file descriptor. */
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
    if (autocreate && template != null) {
      check("configure", template.install());
    }
  }

  void afterLoad() {
    if (template != null) {
      template.close();
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
}
