package dev.katran.examples.replay.decode;

import java.util.List;

/**
 * A header of a frame, or the data after the last one.
 *
 * @param name such as {@code IPv4}
 * @param fields its fields in order
 */
public record Header(String name, List<Field> fields) {

  /** A field as text. */
  public record Field(String name, String value) {}
}
