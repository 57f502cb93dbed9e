package dev.katran.internal.dataplane.kernel;

import dev.katran.VipKey;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_address;
import dev.katran.bpf.generated.katran_vip_entry;
import dev.katran.bpf.generated.katran_vip_hash;
import dev.katran.bpf.generated.katran_vip_key;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.BatchedMap;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipTable;
import dev.katran.internal.packet.FiveTuple;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The VIPs in the kernel. VIPs with a single address are in a {@link CuckooTable} that is rebuilt
 * and replaced as a whole on every change. The program finds a VIP there with one or two
 * comparisons. Prefix VIPs are in an LPM trie.
 */
final class KernelVips implements VipTable {

  /** The key that the program looks up. */
  private record Key(InetAddress address, int port, int protocol) {}

  private final KernelTables tables;
  private final BatchedMap<Key, VipEntry> vips;

  /** The map {@code vip_addresses}: what packets of rewriting backends get for their source. */
  private final MemorySegment addresses;

  /** What to do before the next VIPs are published, or null. */
  private @Nullable Runnable first;

  KernelVips(KernelTables tables) {
    this.tables = tables;
    this.addresses = tables.vipAddresses().mmap();
    this.vips =
        new BatchedMap<>(next ->
            KernelCalls.run(() -> tables.vips().replace(map -> write(map, next), this::runFirst)));
  }

  @Override
  public void adopt(Runnable installed) {
    vips.adopt(installed);
  }

  @Override
  public void republish() {
    vips.republish();
  }

  @Override
  public void put(VipKey vip, VipEntry entry) {
    Destination destination = Destination.of(vip);
    Abi.writeVipAddress(addressAt(entry.number()), destination.address(), vip.port());
    put(destination, vip.port(), vip.protocol().number(), entry);
  }

  private MemorySegment addressAt(int number) {
    return katran_vip_address.asSlice(addresses, number);
  }

  @Override
  public void remove(VipKey vip) {
    remove(Destination.of(vip), vip.port(), vip.protocol().number());
  }

  @Override
  public void answerPing(Destination destination, boolean answer) {
    if (answer) {
      put(destination, 0, icmpOf(destination), VipEntry.PING);
    } else {
      remove(destination, 0, icmpOf(destination));
    }
  }

  private static int icmpOf(Destination destination) {
    return destination.address() instanceof Inet4Address ? FiveTuple.ICMP : FiveTuple.ICMPV6;
  }

  /**
   * Publishes a batch of changes atomically.
   *
   * @param ready called before that, and if there is nothing to publish, once nothing can fail any
   *     longer for want of memory, descriptors or pins
   */
  void batch(Runnable changes, Runnable ready) {
    first = ready;
    try {
      vips.batch(changes);
      runFirst();
    } finally {
      first = null;
    }
  }

  private void runFirst() {
    Runnable once = first;
    first = null;
    if (once != null) {
      once.run();
    }
  }

  private void put(Destination destination, int port, int protocol, VipEntry entry) {
    if (destination.isPrefix()) {
      KernelCalls.run(() -> putPrefix(destination, port, protocol, entry));
    } else {
      vips.put(new Key(destination.address(), port, protocol), entry);
    }
  }

  private void remove(Destination destination, int port, int protocol) {
    if (destination.isPrefix()) {
      KernelCalls.run(() -> removePrefix(destination, port, protocol));
    } else {
      vips.remove(new Key(destination.address(), port, protocol));
    }
  }

  private void putPrefix(Destination prefix, int port, int protocol, VipEntry entry) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(katran_prefix_vip_key.layout());
      MemorySegment value = arena.allocate(katran_vip.layout());
      Abi.writePrefixVipKey(key, prefix, port, protocol);
      Abi.writeVip(value, entry);
      tables.prefixVips().update(key, value, BpfConstants.BPF_ANY);
    }
  }

  private void removePrefix(Destination prefix, int port, int protocol) {
    if (!tables.hasPrefixVips()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(katran_prefix_vip_key.layout());
      Abi.writePrefixVipKey(key, prefix, port, protocol);
      tables.prefixVips().delete(key);
    }
  }

  private void write(BpfMap map, Map<Key, VipEntry> vips) {
    List<Map.Entry<Key, VipEntry>> entries = new ArrayList<>(vips.entrySet());
    CuckooTable table = CuckooTable.of(words(entries), tables.geometry().vipLines());
    try (Arena arena = Arena.ofConfined()) {
      write(map.map(arena), table, entries);
    }
  }

  /** Writes the hash function, and the lines that are not empty. */
  private static void write(
      MemorySegment memory, CuckooTable table, List<Map.Entry<Key, VipEntry>> entries) {
    writeHash(memory, table);
    for (int line = 0; line < table.lines(); line++) {
      if (!table.isEmpty(line)) {
        int index = Katran.KATRAN_FIRST_VIP_LINE() + line;
        writeLine(katran_vip_line.asSlice(memory, index), table, line, entries);
      }
    }
  }

  private static List<int[]> words(List<Map.Entry<Key, VipEntry>> entries) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(katran_vip_key.layout());
      return entries.stream().map(entry -> words(memory, entry.getKey())).toList();
    }
  }

  private static int[] words(MemorySegment memory, Key key) {
    Abi.writeVipKey(memory, key.address(), key.port(), key.protocol());
    return memory.toArray(ValueLayout.JAVA_INT);
  }

  static void writeHash(MemorySegment target, CuckooTable table) {
    long[] multipliers = table.multipliers();
    for (int i = 0; i < multipliers.length; i++) {
      katran_vip_hash.multipliers(target, i, multipliers[i]);
    }
    katran_vip_hash.addend(target, table.addend());
  }

  private static void writeLine(
      MemorySegment target, CuckooTable table, int line, List<Map.Entry<Key, VipEntry>> entries) {
    for (int position = 0; position < Katran.KATRAN_VIPS_PER_LINE(); position++) {
      int index = table.keyAt(line, position);
      if (index != CuckooTable.FREE) {
        MemorySegment entry = katran_vip_line.entries(target, position);
        Key key = entries.get(index).getKey();
        Abi.writeVipKey(katran_vip_entry.key(entry), key.address(), key.port(), key.protocol());
        Abi.writeVip(katran_vip_entry.vip(entry), entries.get(index).getValue());
      }
    }
  }
}
