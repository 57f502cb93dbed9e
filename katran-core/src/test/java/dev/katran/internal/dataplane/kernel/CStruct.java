package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableMap;

/**
 * The memory layout of a C structure.
 *
 * @param size in bytes
 * @param fields by name
 */
record CStruct(long size, ImmutableMap<String, Field> fields) {

  /**
   * A field's place.
   *
   * @param offset in bytes
   * @param size in bytes
   */
  record Field(long offset, long size) {}
}
