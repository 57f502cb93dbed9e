package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The {@code struct xdp_dispatcher_config} of a dispatcher: the rules of its slots.
 *
 * @see <a
 *     href="https://github.com/xdp-project/xdp-tools/blob/main/lib/libxdp/protocol.org">Protocol
 *     for atomic loading of multi-prog dispatchers</a>
 */
record DispatcherConfig(ImmutableList<Slot> slots) {

  /**
   * The rules of one program.
   *
   * @param chainCallActions a bit for each verdict after which the next program is called
   * @param priority programs with lower ones are called first
   * @param flags the program's load flags that count
   */
  record Slot(int chainCallActions, int priority, int flags) {}

  static final int SIZE = 124;
  static final int MAX_SLOTS = 10;

  private static final int MAGIC = 236;
  private static final int VERSION = 2;
  private static final int SLOTS = 4;

  /** Returns whether this is the configuration of a dispatcher of this version. */
  static boolean isOne(byte[] bytes) {
    return bytes.length == SIZE
        && Byte.toUnsignedInt(bytes[0]) == MAGIC
        && bytes[1] == VERSION
        && bytes[2] <= MAX_SLOTS;
  }

  /** Reads a configuration. */
  static DispatcherConfig parse(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    List<Slot> slots = new ArrayList<>();
    for (int i = 0; i < bytes[2]; i++) {
      slots.add(
          new Slot(
              buffer.getInt(offset(0, i)),
              buffer.getInt(offset(1, i)),
              buffer.getInt(offset(2, i))));
    }
    return new DispatcherConfig(ImmutableList.copyOf(slots));
  }

  /**
   * Returns the configuration as the dispatcher reads it. It is not for frames in several buffers.
   */
  byte[] toBytes() {
    byte[] bytes = new byte[SIZE];
    bytes[0] = (byte) MAGIC;
    bytes[1] = VERSION;
    bytes[2] = (byte) slots.size();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    for (int i = 0; i < slots.size(); i++) {
      buffer.putInt(offset(0, i), slots.get(i).chainCallActions());
      buffer.putInt(offset(1, i), slots.get(i).priority());
      buffer.putInt(offset(2, i), slots.get(i).flags());
    }
    return bytes;
  }

  private static int offset(int array, int index) {
    return SLOTS + (array * MAX_SLOTS + index) * Integer.BYTES;
  }
}
