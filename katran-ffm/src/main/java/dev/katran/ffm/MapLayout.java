package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import java.lang.foreign.MemorySegment;

/**
 * The sizes of a map's keys and values, and the checks of the segments that hold them.
 *
 * @param map the map's name, for messages
 * @param bufferSize the bytes that the kernel copies per value; for per-CPU maps, those of all
 *     possible CPUs
 */
record MapLayout(String map, int keySize, int valueSize, long bufferSize) {

  /** The kernel rounds values up to 8 bytes in arrays and in per-CPU entries. */
  static final int ALIGNMENT = 8;

  static MapLayout of(String map, int type, int keySize, int valueSize) {
    long bufferSize =
        BpfConstants.isPerCpu(type) ? roundUp(valueSize, ALIGNMENT) * possibleCpus() : valueSize;
    return new MapLayout(map, keySize, valueSize, bufferSize);
  }

  static int possibleCpus() {
    LibbpfLibrary.ensureLoaded();
    int cpus = Bpf.possibleCpus();
    if (cpus < 0) {
      throw new BpfException(
          "read /sys/devices/system/cpu/possible (mount sysfs at /sys, read-only is enough)",
          -cpus);
    }
    return cpus;
  }

  static long roundUp(long number, int multiple) {
    return (number + multiple - 1) / multiple * multiple;
  }

  int valueStride() {
    return (int) roundUp(valueSize, ALIGNMENT);
  }

  MemorySegment key(MemorySegment key) {
    return require(key, keySize, "key");
  }

  MemorySegment value(MemorySegment value) {
    return require(value, bufferSize, "value");
  }

  MemorySegment keys(MemorySegment keys, int count) {
    return require(keys, (long) positive(count) * keySize, "keys");
  }

  MemorySegment values(MemorySegment values, int count) {
    return require(values, positive(count) * bufferSize, "values");
  }

  static int positive(int number) {
    if (number <= 0) {
      throw new IllegalArgumentException(number + " is not greater than 0");
    }
    return number;
  }

  private MemorySegment require(MemorySegment segment, long size, String what) {
    if (!segment.isNative() || segment.byteSize() < size) {
      throw new IllegalArgumentException(
          what + " of map " + map + ": needs " + size + " native bytes, got " + segment);
    }
    return segment;
  }
}
