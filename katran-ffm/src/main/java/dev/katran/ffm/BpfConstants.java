package dev.katran.ffm;

/**
 * The kernel's numbers for maps, programs and packets, named as in {@code linux/bpf.h}; to be
 * imported statically.
 */
public final class BpfConstants {

  /** A map's type: hash table. */
  public static final int BPF_MAP_TYPE_HASH = 1;

  /** A map's type: array, its keys the indices 0 to max entries - 1, 4 bytes in native order. */
  public static final int BPF_MAP_TYPE_ARRAY = 2;

  /** A map's type: hash table whose entries have one value per CPU. */
  public static final int BPF_MAP_TYPE_PERCPU_HASH = 5;

  /** A map's type: array whose elements have one value per CPU. */
  public static final int BPF_MAP_TYPE_PERCPU_ARRAY = 6;

  /** A map's type: hash table that forgets what was not used for long. */
  public static final int BPF_MAP_TYPE_LRU_HASH = 9;

  /** A map's type: the same with one value per CPU. */
  public static final int BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;

  /** A map's type: longest prefix match; needs {@link #BPF_F_NO_PREALLOC}. */
  public static final int BPF_MAP_TYPE_LPM_TRIE = 11;

  /** A map's type: array of maps. */
  public static final int BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;

  /** A map's type: hash table of maps. */
  public static final int BPF_MAP_TYPE_HASH_OF_MAPS = 13;

  /** A map's type: ring buffer; its max entries is its size in bytes. */
  public static final int BPF_MAP_TYPE_RINGBUF = 27;

  /** Update: create the entry or replace its value. */
  public static final long BPF_ANY = 0;

  /** Update: create the entry; fail with {@code EEXIST} if it exists. */
  public static final long BPF_NOEXIST = 1;

  /** Update: replace the entry's value; fail with {@code ENOENT} if it does not exist. */
  public static final long BPF_EXIST = 2;

  /** Map flag: allocate hash entries as they come. */
  public static final int BPF_F_NO_PREALLOC = 1;

  /** Map flag: an LRU map keeps one list per CPU instead of a common one. */
  public static final int BPF_F_NO_COMMON_LRU = 1 << 1;

  /** Flag of {@code bpf_map_create}: the memory is on a NUMA node that is named. */
  public static final int BPF_F_NUMA_NODE = 1 << 2;

  /** Map flag: programs can only read the map. */
  public static final int BPF_F_RDONLY_PROG = 1 << 7;

  /** Map flag: the array can be mapped into memory. */
  public static final int BPF_F_MMAPABLE = 1 << 10;

  /** Map flag: as an inner map, the array may have another size than its template. */
  public static final int BPF_F_INNER_MAP = 1 << 12;

  /** Verifier's log level: nothing; a failed load is repeated with a log all the same. */
  public static final int BPF_LOG_NONE = 0;

  /** Verifier's log level: the instructions on the path that failed. */
  public static final int BPF_LOG_LEVEL1 = 1;

  /** Verifier's log level: all instructions as they are visited. */
  public static final int BPF_LOG_LEVEL2 = 2;

  /** Verifier's log level: statistics only; what {@link VerifierStatistics} is made of. */
  public static final int BPF_LOG_STATS = 4;

  /** Test run flag: send the frames for real, as if an interface had received them; Linux 5.18. */
  public static final int BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

  /** An XDP program's verdict: it failed; the packet is dropped. */
  public static final int XDP_ABORTED = 0;

  /** An XDP program's verdict: drop the packet. */
  public static final int XDP_DROP = 1;

  /** An XDP program's verdict: the packet goes up the stack. */
  public static final int XDP_PASS = 2;

  /** An XDP program's verdict: send the packet back out of the interface it came in by. */
  public static final int XDP_TX = 3;

  /** An XDP program's verdict: send the packet to where {@code bpf_redirect} said. */
  public static final int XDP_REDIRECT = 4;

  private BpfConstants() {}

  static boolean isPerCpu(int mapType) {
    return mapType == BPF_MAP_TYPE_PERCPU_HASH
        || mapType == BPF_MAP_TYPE_PERCPU_ARRAY
        || mapType == BPF_MAP_TYPE_LRU_PERCPU_HASH;
  }

  static boolean isMapOfMaps(int mapType) {
    return mapType == BPF_MAP_TYPE_ARRAY_OF_MAPS || mapType == BPF_MAP_TYPE_HASH_OF_MAPS;
  }
}
