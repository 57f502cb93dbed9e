package dev.katran.ffm;

/**
 * Constants for maps, programs and verdicts, named as in the kernel's {@code
 * include/uapi/linux/bpf.h}. Import them statically.
 *
 * @since 0.1.0
 */
public final class BpfConstants {

  // enum bpf_map_type

  /** Map type: a hash table. */
  public static final int BPF_MAP_TYPE_HASH = 1;

  /** Map type: an array; keys are the indices 0 to max entries - 1, 4 bytes in native order. */
  public static final int BPF_MAP_TYPE_ARRAY = 2;

  /** Map type: an array of programs that others call by tail calls, see {@link ProgramArray}. */
  public static final int BPF_MAP_TYPE_PROG_ARRAY = 3;

  /** Map type: a hash table with one value per CPU in each entry. */
  public static final int BPF_MAP_TYPE_PERCPU_HASH = 5;

  /** Map type: an array with one value per CPU in each element. */
  public static final int BPF_MAP_TYPE_PERCPU_ARRAY = 6;

  /** Map type: a hash table that evicts the least recently used entries when it is full. */
  public static final int BPF_MAP_TYPE_LRU_HASH = 9;

  /** Map type: an LRU hash table with one value per CPU in each entry. */
  public static final int BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;

  /** Map type: a longest-prefix-match table; requires {@link #BPF_F_NO_PREALLOC}. */
  public static final int BPF_MAP_TYPE_LPM_TRIE = 11;

  /** Map type: an array of maps. */
  public static final int BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;

  /** Map type: a hash table of maps. */
  public static final int BPF_MAP_TYPE_HASH_OF_MAPS = 13;

  /** Map type: a hash table of interfaces that frames are redirected to. */
  public static final int BPF_MAP_TYPE_DEVMAP_HASH = 25;

  /** Map type: a ring buffer; max entries is its size in bytes. */
  public static final int BPF_MAP_TYPE_RINGBUF = 27;

  // Flags of BPF_MAP_UPDATE_ELEM

  /** Update flag: insert the entry or replace its value. */
  public static final long BPF_ANY = 0;

  /** Update flag: insert the entry; fail with {@code EEXIST} if it exists. */
  public static final long BPF_NOEXIST = 1;

  /** Update flag: replace the value; fail with {@code ENOENT} if the entry does not exist. */
  public static final long BPF_EXIST = 2;

  // Flags of BPF_MAP_CREATE

  /** Map flag: allocate hash entries when they are inserted. */
  public static final int BPF_F_NO_PREALLOC = 1;

  /** Map flag: keep one LRU list per CPU instead of a common one. */
  public static final int BPF_F_NO_COMMON_LRU = 1 << 1;

  /** Map flag: allocate the map on a given NUMA node; set by {@link MapSpec#numaNode(int)}. */
  public static final int BPF_F_NUMA_NODE = 1 << 2;

  /** Map flag: programs can only read the map. */
  public static final int BPF_F_RDONLY_PROG = 1 << 7;

  /** Map flag: the array can be mapped into memory. */
  public static final int BPF_F_MMAPABLE = 1 << 10;

  /** Map flag: the array may be an inner map with another size than the template. */
  public static final int BPF_F_INNER_MAP = 1 << 12;

  // enum bpf_attach_type

  /** Attach type: the XDP hook of an interface. */
  public static final int BPF_XDP = 37;

  // Log levels of BPF_PROG_LOAD; the kernel defines them in include/linux/bpf_verifier.h

  /** Verifier log level: nothing; libbpf repeats a failed load with a log anyway. */
  public static final int BPF_LOG_NONE = 0;

  /** Verifier log level: the instructions on the path that failed. */
  public static final int BPF_LOG_LEVEL1 = 1;

  /** Verifier log level: all instructions in the order they are visited. */
  public static final int BPF_LOG_LEVEL2 = 2;

  /** Verifier log level: statistics only, the source of {@link VerifierStatistics}. */
  public static final int BPF_LOG_STATS = 4;

  // Flags of BPF_PROG_TEST_RUN

  /**
   * Test run flag: process the frames as if an interface had received them, which really sends
   * those with a verdict to send. Since Linux 5.18.
   */
  public static final int BPF_F_TEST_XDP_LIVE_FRAMES = 1 << 1;

  // enum xdp_action

  /** XDP verdict: program error, drop the packet. */
  public static final int XDP_ABORTED = 0;

  /** XDP verdict: drop the packet. */
  public static final int XDP_DROP = 1;

  /** XDP verdict: pass the packet to the network stack. */
  public static final int XDP_PASS = 2;

  /** XDP verdict: send the packet out of the interface that received it. */
  public static final int XDP_TX = 3;

  /** XDP verdict: send the packet to the target of {@code bpf_redirect}. */
  public static final int XDP_REDIRECT = 4;

  private BpfConstants() {}

  static boolean isPerCpu(int mapType) {
    return mapType == BPF_MAP_TYPE_PERCPU_HASH
        || mapType == BPF_MAP_TYPE_PERCPU_ARRAY
        || mapType == BPF_MAP_TYPE_LRU_PERCPU_HASH;
  }
}
