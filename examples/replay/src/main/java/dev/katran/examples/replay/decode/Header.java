package dev.katran.examples.replay.decode;

import java.util.List;

/**
 * A header of a frame, or the data behind the last one.
 *
 * @param name as in {@code IPv4}
 * @param fields its fields, in their order
 */
public record Header(String name, List<Field> fields) {

  /** A field as text. */
  public record Field(String name, String value) {}
}
