package dev.katran.examples.benchmark;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.katran.Flow;
import dev.katran.Protocol;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/**
 * The frame of a TCP flow, in fixed memory. The next flow overwrites it, so that frames of many
 * flows are as close in the caches as those of one. Checksums are not filled in, because the
 * benchmarks do not verify them.
 */
final class FlowFrame {

  static final int PORT = 443;

  /** The first source port. Ports are chosen so that every int is a different flow. */
  private static final int FIRST_PORT = 1024;

  private static final int PORT_STEP = 250;
  private static final byte FIRST_CLIENT_BYTE = 100;

  private static final int ETHERNET = 14;
  private static final int TCP = 20;
  private static final int PAYLOAD = 10;
  private static final byte ACK = 0x10;
  private static final byte SYN = 0x02;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment memory;

  private final int client;
  private final int vip;
  private final int transport;
  private final int addressLength;

  /**
   * Creates a frame.
   *
   * @param memory {@link #length} bytes
   */
  FlowFrame(MemorySegment memory, Family family) {
    this.memory = memory;
    this.transport = ETHERNET + ipHeader(family);
    memory.fill((byte) 0);
    memory.set(JAVA_BYTE, 0, (byte) 2); // both MAC addresses are locally administered
    memory.set(JAVA_BYTE, 6, (byte) 2);
    byte[] vipAddress = InetAddress.ofLiteral(family.vip(0)).getAddress();
    if (family == Family.V4) {
      memory.set(SHORT, 12, (short) 0x0800);
      memory.set(SHORT, ETHERNET, (short) 0x4500);
      memory.set(SHORT, ETHERNET + 2, (short) (memory.byteSize() - ETHERNET));
      memory.set(SHORT, ETHERNET + 8, (short) (64 << 8 | 6));
      this.client = ETHERNET + 12;
    } else {
      memory.set(SHORT, 12, (short) 0x86dd);
      memory.set(INT, ETHERNET, 6 << 28);
      memory.set(SHORT, ETHERNET + 4, (short) (memory.byteSize() - transport));
      memory.set(SHORT, ETHERNET + 6, (short) (6 << 8 | 64));
      memory.set(INT, ETHERNET + 8, 0x20010db8);
      this.client = ETHERNET + 20; // the last bytes of 16 that start at offset 8
    }
    this.vip = transport - 2;
    this.addressLength = vipAddress.length;
    MemorySegment.copy(
        vipAddress, 0, memory, JAVA_BYTE, transport - vipAddress.length, vipAddress.length);
    memory.set(SHORT, transport + 2, (short) PORT);
    memory.set(SHORT, transport + 12, (short) ((TCP / 4) << 12));
  }

  private static int ipHeader(Family family) {
    return family == Family.V4 ? 20 : 40;
  }

  /** Returns the length of a frame in bytes. */
  static int length(Family family) {
    return ETHERNET + ipHeader(family) + TCP + PAYLOAD;
  }

  /** Returns the length of all headers in bytes. */
  int headers() {
    return transport + TCP;
  }

  /** Returns the offset of the last four bytes of the client's address. */
  int client() {
    return client;
  }

  /** Returns the offset of the last two bytes of the VIP's address. */
  int vip() {
    return vip;
  }

  /** Returns the offset of the client's port. */
  int port() {
    return transport;
  }

  /** Writes a packet in the middle of a flow to a VIP. */
  MemorySegment open(int flow, int vipNumber) {
    return write(flow, vipNumber, ACK);
  }

  /** Writes the first packet of a flow to a VIP. */
  MemorySegment syn(int flow, int vipNumber) {
    return write(flow, vipNumber, SYN);
  }

  private MemorySegment write(int flow, int vipNumber, byte flags) {
    int scattered = scatter(flow);
    memory.set(INT, client, FIRST_CLIENT_BYTE << 24 | (scattered & 0xff_ffff));
    memory.set(SHORT, vip, (short) (vipNumber + 1));
    memory.set(SHORT, transport, (short) (FIRST_PORT + PORT_STEP * (scattered >>> 24)));
    memory.set(JAVA_BYTE, transport + 13, flags);
    return memory;
  }

  /** Returns the flow of the current frame. */
  Flow flow() {
    int length = addressLength;
    return new Flow(
        address(transport - 2 * length, length),
        Short.toUnsignedInt(memory.get(SHORT, transport)),
        address(transport - length, length),
        PORT,
        Protocol.TCP);
  }

  private InetAddress address(int offset, int length) {
    try {
      return InetAddress.getByAddress(memory.asSlice(offset, length).toArray(JAVA_BYTE));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("invalid address length " + length, e);
    }
  }

  /** Maps numbers one to one to numbers that share no pattern with their neighbours. */
  private static int scatter(int number) {
    int scattered = number ^ number >>> 16;
    scattered *= 0x7feb352d;
    scattered ^= scattered >>> 15;
    scattered *= 0x846ca68b;
    return scattered ^ scattered >>> 16;
  }
}
