package dev.katran.internal.dataplane.kernel;

import com.google.common.primitives.Longs;
import dev.katran.Forwarding;
import dev.katran.Prefix;
import dev.katran.Restoration;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_address;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_decap_prefix_key;
import dev.katran.bpf.generated.katran_flow;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_restoration;
import dev.katran.bpf.generated.katran_restore_key;
import dev.katran.bpf.generated.katran_reverse_key;
import dev.katran.bpf.generated.katran_source_v4;
import dev.katran.bpf.generated.katran_source_v6;
import dev.katran.bpf.generated.katran_tunnel_end_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_address;
import dev.katran.bpf.generated.katran_vip_key;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Hop;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the structures of {@code katran.h}. The write methods set every field of their
 * structure.
 */
final class Abi {

  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final ValueLayout.OfInt NETWORK_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong NETWORK_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** The eight bytes of a backend that make it usable: family, flags and the next hop's MAC. */
  private static final VarHandle BACKEND_WORD = ValueLayout.JAVA_LONG.varHandle();

  private static final long BACKEND_WORD_OFFSET = katran_backend.family$offset();
  private static final long FAMILY_MASK = 0xff;

  private Abi() {}

  /** Returns the {@code enum katran_family} of an address. */
  static byte family(InetAddress address) {
    return (byte) (address instanceof Inet4Address ? Katran.KATRAN_IPV4() : Katran.KATRAN_IPV6());
  }

  /** Writes a {@code struct katran_address}. */
  static void writeAddress(MemorySegment target, InetAddress address) {
    target.asSlice(0, katran_address.sizeof()).fill((byte) 0);
    byte[] bytes = address.getAddress();
    MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, 0, bytes.length);
  }

  /** Writes a {@code struct katran_vip_key}. */
  static void writeVipKey(MemorySegment target, InetAddress address, int port, int protocol) {
    writeAddress(katran_vip_key.address(target), address);
    target.set(NETWORK_SHORT, katran_vip_key.port$offset(), (short) port);
    katran_vip_key.protocol(target, (byte) protocol);
    katran_vip_key.family(target, family(address));
  }

  /** Writes a {@code struct katran_prefix_vip_key}. */
  static void writePrefixVipKey(MemorySegment target, Destination prefix, int port, int protocol) {
    katran_prefix_vip_key.prefix_length(
        target, Katran.KATRAN_PREFIX_VIP_FIXED_BITS() + prefix.prefixLength());
    target.set(NETWORK_SHORT, katran_prefix_vip_key.port$offset(), (short) port);
    katran_prefix_vip_key.protocol(target, (byte) protocol);
    katran_prefix_vip_key.family(target, family(prefix.address()));
    writeAddress(katran_prefix_vip_key.address(target), prefix.address());
  }

  /** Writes a {@code struct katran_source_v4} or {@code katran_source_v6}. */
  static void writeSource(MemorySegment target, Prefix prefix) {
    byte[] address = prefix.address().getAddress();
    boolean isIpv4 = prefix.address() instanceof Inet4Address;
    long offset = isIpv4 ? katran_source_v4.address$offset() : katran_source_v6.address$offset();
    // the prefix length is the first field of both structures
    katran_source_v4.prefix_length(target, prefix.length());
    MemorySegment.copy(address, 0, target, ValueLayout.JAVA_BYTE, offset, address.length);
  }

  /** Writes a {@code struct katran_reverse_key}. */
  static void writeReverseKey(MemorySegment target, ReverseKey key) {
    writeAddress(katran_reverse_key.address(target), key.backend());
    target.set(NETWORK_SHORT, katran_reverse_key.port$offset(), (short) key.port());
    katran_reverse_key.protocol(target, (byte) key.protocol());
    katran_reverse_key.family(target, family(key.backend()));
  }

  /** Writes a {@code struct katran_vip_address}. */
  static void writeVipAddress(MemorySegment target, InetAddress address, int port) {
    writeAddress(katran_vip_address.address(target), address);
    target.set(NETWORK_SHORT, katran_vip_address.port$offset(), (short) port);
    katran_vip_address.family(target, family(address));
  }

  /** Writes a {@code struct katran_tunnel_end_key}. */
  static void writeTunnelEnd(MemorySegment target, InetAddress address) {
    writeAddress(katran_tunnel_end_key.address(target), address);
    katran_tunnel_end_key.family(target, family(address));
  }

  /** Writes a {@code struct katran_decap_prefix_key}. */
  static void writeDecapPrefix(MemorySegment target, Prefix prefix) {
    katran_decap_prefix_key.prefix_length(
        target, Katran.KATRAN_DECAP_PREFIX_FIXED_BITS() + prefix.length());
    katran_decap_prefix_key.family(target, family(prefix.address()));
    writeAddress(katran_decap_prefix_key.address(target), prefix.address());
  }

  /** Writes a {@code struct katran_restore_key}: what a server sends from. */
  static void writeRestoreKey(MemorySegment target, Restoration restoration) {
    writeAddress(katran_restore_key.address(target), restoration.address());
    target.set(NETWORK_SHORT, katran_restore_key.port$offset(), (short) restoration.port());
    katran_restore_key.protocol(target, (byte) restoration.vip().protocol().number());
    katran_restore_key.family(target, family(restoration.address()));
  }

  /** Writes a {@code struct katran_restoration}: the VIP that takes its place. */
  static void writeRestoration(MemorySegment target, Restoration restoration) {
    writeAddress(katran_restoration.address(target), restoration.vip().address());
    target.set(NETWORK_SHORT, katran_restoration.port$offset(), (short) restoration.vip().port());
    katran_restoration.zero(target, (short) 0);
  }

  /** Reads a {@code struct katran_flow}. */
  static FiveTuple readFlow(MemorySegment source) {
    boolean isIpv6 = katran_flow.family(source) == Katran.KATRAN_IPV6();
    return new FiveTuple(
        readAddress(katran_flow.source(source), isIpv6),
        readAddress(katran_flow.destination(source), isIpv6),
        Short.toUnsignedInt(source.get(NETWORK_SHORT, katran_flow.source_port$offset())),
        Short.toUnsignedInt(source.get(NETWORK_SHORT, katran_flow.destination_port$offset())),
        Byte.toUnsignedInt(katran_flow.protocol(source)));
  }

  private static Address readAddress(MemorySegment source, boolean isIpv6) {
    return isIpv6
        ? Address.ipv6(source.get(NETWORK_LONG, 0), source.get(NETWORK_LONG, Long.BYTES))
        : Address.ipv4(source.get(NETWORK_INT, 0));
  }

  /** Writes a {@code struct katran_vip}. */
  static void writeVip(MemorySegment target, VipEntry entry) {
    katran_vip.number(target, entry.number());
    katran_vip.flags(target, entry.flags());
    katran_vip.idle(target, entry.idle());
  }

  /**
   * Writes a {@code struct katran_backend} that the program may be reading. The word with family,
   * flags and MAC is published last, in one store, so packets never see a partly written next hop.
   * The address of an entry in use is not written again. If the egress interface changes, the
   * backend is unresolved meanwhile.
   */
  static void publishBackend(MemorySegment target, BackendEntry entry) {
    if ((long) BACKEND_WORD.getAcquire(target, BACKEND_WORD_OFFSET) == 0) {
      writeAddress(katran_backend.address(target), entry.address());
    }
    katran_backend.room(target, (short) entry.room());
    target.set(NETWORK_SHORT, katran_backend.port$offset(), (short) entry.port());
    Hop hop = entry.hop();
    long word = Byte.toUnsignedLong(family(entry.address()));
    int flags = flag(entry.forwarding());
    if (entry.local()) {
      flags |= Katran.KATRAN_BACKEND_LOCAL();
    }
    if (hop != null) {
      flags |= Katran.KATRAN_BACKEND_RESOLVED();
      word |= macBits(hop.mac()) << 16;
      Hop.Egress egress = hop.egress();
      if (egress != null) {
        flags |= Katran.KATRAN_BACKEND_REDIRECT();
        writeEgress(target, egress);
      }
    }
    BACKEND_WORD.setRelease(target, BACKEND_WORD_OFFSET, word | ((long) flags << 8));
  }

  private static int flag(Forwarding forwarding) {
    return switch (forwarding) {
      case Forwarding.Ipip ipip -> 0;
      case Forwarding.Gue gue -> Katran.KATRAN_BACKEND_GUE();
      case Forwarding.Rewrite rewrite -> Katran.KATRAN_BACKEND_REWRITE();
      case Forwarding.Direct direct -> Katran.KATRAN_BACKEND_DIRECT();
    };
  }

  private static void writeEgress(MemorySegment target, Hop.Egress egress) {
    MemorySegment mac = MemorySegment.ofArray(egress.mac().toBytes());
    MemorySegment written = katran_backend.source_mac(target);
    if (katran_backend.egress_ifindex(target) == egress.ifindex() && written.mismatch(mac) < 0) {
      return;
    }
    long word = (long) BACKEND_WORD.getAcquire(target, BACKEND_WORD_OFFSET);
    BACKEND_WORD.setVolatile(target, BACKEND_WORD_OFFSET, word & FAMILY_MASK);
    katran_backend.egress_ifindex(target, egress.ifindex());
    written.copyFrom(mac);
  }

  /** Returns whether an entry holds a backend. */
  static boolean hasBackend(MemorySegment source) {
    return (long) BACKEND_WORD.getAcquire(source, BACKEND_WORD_OFFSET) != 0;
  }

  /**
   * Reads the next hop of a backend; null if it is unresolved or there is no backend.
   *
   * @param backend how the backend is reached
   */
  static @Nullable Hop readHop(MemorySegment source, BackendEntry backend) {
    long word = (long) BACKEND_WORD.getAcquire(source, BACKEND_WORD_OFFSET);
    int flags = (int) (word >>> 8);
    if ((flags & Katran.KATRAN_BACKEND_RESOLVED()) == 0) {
      return null;
    }
    long bits = Long.reverseBytes(word >>> 16) >>> (Long.SIZE - MacAddress.LENGTH * Byte.SIZE);
    Hop.Egress egress = null;
    if ((flags & Katran.KATRAN_BACKEND_REDIRECT()) != 0) {
      byte[] mac = katran_backend.source_mac(source).toArray(ValueLayout.JAVA_BYTE);
      egress =
          new Hop.Egress(
              katran_backend.egress_ifindex(source),
              new MacAddress(
                  Longs.fromBytes(
                      (byte) 0, (byte) 0, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])));
    }
    int room = Short.toUnsignedInt(katran_backend.room(source));
    return new Hop(new MacAddress(bits), egress, backend.mtuOf(room));
  }

  /** Removes a backend. Clears the published word first, so the program stops using it at once. */
  static void clearBackend(MemorySegment target) {
    BACKEND_WORD.setRelease(target, BACKEND_WORD_OFFSET, 0L);
    target.fill((byte) 0);
  }

  /** Returns the MAC address in memory order, read as a little-endian integer. */
  private static long macBits(MacAddress mac) {
    return Long.reverseBytes(mac.bits()) >>> (Long.SIZE - MacAddress.LENGTH * Byte.SIZE);
  }
}
