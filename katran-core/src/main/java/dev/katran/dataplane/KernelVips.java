package dev.katran.dataplane;

import dev.katran.VipKey;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_entry;
import dev.katran.bpf.generated.katran_vip_hash;
import dev.katran.bpf.generated.katran_vip_key;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The VIPs in the kernel. Those of single addresses are in a table that is built anew for every
 * change, so that the program finds them at the price of a comparison or two; those of prefixes are
 * in a trie.
 */
final class KernelVips {

  /** What the program looks for. */
  private record Key(InetAddress address, int port, int protocol) {}

  private final KernelTables tables;
  private final BatchedMap<Key, VipEntry> vips;

  KernelVips(KernelTables tables) {
    this.tables = tables;
    this.vips = new BatchedMap<>(next -> tables.vips().replace(map -> write(map, next)));
  }

  void put(VipKey vip, VipEntry entry) {
    put(destination(vip), vip.port(), vip.protocol().number(), entry);
  }

  void remove(VipKey vip) {
    remove(destination(vip), vip.port(), vip.protocol().number());
  }

  void answerPing(Destination destination, boolean answer) {
    if (answer) {
      put(destination, 0, icmpOf(destination), VipTable.PING);
    } else {
      remove(destination, 0, icmpOf(destination));
    }
  }

  private static int icmpOf(Destination destination) {
    return destination.address() instanceof Inet4Address ? FiveTuple.ICMP : FiveTuple.ICMPV6;
  }

  /** See {@link Dataplane#together}. */
  void together(Runnable changes) {
    vips.together(changes);
  }

  private static Destination destination(VipKey key) {
    return new Destination(key.address(), key.prefixLength());
  }

  private void put(Destination destination, int port, int protocol, VipEntry entry) {
    if (destination.isPrefix()) {
      putPrefix(destination, port, protocol, entry);
    } else {
      vips.put(new Key(destination.address(), port, protocol), entry);
    }
  }

  private void remove(Destination destination, int port, int protocol) {
    if (destination.isPrefix()) {
      removePrefix(destination, port, protocol);
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

  /** Writes the lines that are not empty, and the first one, with what the hash is made of. */
  private void write(BpfMap map, Map<Key, VipEntry> vips) {
    try (Arena arena = Arena.ofConfined()) {
      List<Map.Entry<Key, VipEntry>> entries = new ArrayList<>(vips.entrySet());
      List<int[]> keys = entries.stream().map(entry -> words(arena, entry.getKey())).toList();
      CuckooTable table = CuckooTable.of(keys, tables.vipLines());
      int most = Math.min(entries.size(), tables.vipLines()) + 1;
      MemorySegment numbers = arena.allocate(ValueLayout.JAVA_INT, most);
      MemorySegment lines = arena.allocate(katran_vip_line.layout(), most);
      writeHash(lines, table);
      int written = 1;
      for (int line = 0; line < tables.vipLines(); line++) {
        if (!table.isEmpty(line)) {
          numbers.setAtIndex(ValueLayout.JAVA_INT, written, Katran.KATRAN_FIRST_VIP_LINE() + line);
          writeLine(katran_vip_line.asSlice(lines, written), table, line, entries);
          written++;
        }
      }
      map.updateBatch(numbers, lines, written);
    }
  }

  private static int[] words(Arena arena, Key key) {
    MemorySegment memory = arena.allocate(katran_vip_key.layout());
    Abi.writeVipKey(memory, key.address(), key.port(), key.protocol());
    return memory.toArray(ValueLayout.JAVA_INT);
  }

  private static void writeHash(MemorySegment target, CuckooTable table) {
    long[] multipliers = table.multipliers();
    for (int i = 0; i < multipliers.length; i++) {
      katran_vip_hash.multipliers(target, i, multipliers[i]);
    }
    katran_vip_hash.addend(target, table.addend());
  }

  private static void writeLine(
      MemorySegment target, CuckooTable table, int line, List<Map.Entry<Key, VipEntry>> entries) {
    for (int place = 0; place < Katran.KATRAN_VIPS_PER_LINE(); place++) {
      int index = table.keyAt(line, place);
      if (index != CuckooTable.FREE) {
        MemorySegment entry = katran_vip_line.entries(target, place);
        Key key = entries.get(index).getKey();
        Abi.writeVipKey(katran_vip_entry.key(entry), key.address(), key.port(), key.protocol());
        Abi.writeVip(katran_vip_entry.vip(entry), entries.get(index).getValue());
      }
    }
  }
}
