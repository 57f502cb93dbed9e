package dev.katran.internal.dataplane;

import java.util.List;

/**
 * Records in memory that outlives the process, together with the tables of a {@link Dataplane}. A
 * record is there whole or not at all, even if the process is killed while it is written.
 */
public interface Journal {

  /** Returns the records, the oldest first. */
  List<byte[]> read();

  /** Returns how many bytes of records can be appended, counting 16 more for each of them. */
  long room();

  /**
   * Appends a record.
   *
   * @throws IllegalArgumentException if there is no {@link #room} for it
   */
  void append(byte[] record);

  /**
   * Replaces all records atomically.
   *
   * @param room the room to be left after them, in bytes
   * @throws dev.katran.internal.failure.Failure if there is no memory for them; then the old
   *     records stay
   */
  void replace(List<byte[]> records, long room);
}
