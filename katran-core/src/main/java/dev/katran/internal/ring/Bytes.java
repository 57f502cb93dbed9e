package dev.katran.internal.ring;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Little-endian reads, independent of the byte order of the machine. */
final class Bytes {

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Bytes() {}

  static int littleEndianInt(byte[] bytes, int offset) {
    return (int) INTS.get(bytes, offset);
  }

  static long littleEndianLong(byte[] bytes, int offset) {
    return (long) LONGS.get(bytes, offset);
  }
}
