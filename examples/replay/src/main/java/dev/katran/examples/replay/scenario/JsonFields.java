package dev.katran.examples.replay.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Sets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A JSON object that is read field by field. {@link #end} then rejects unknown fields. All messages
 * name the object and the field.
 */
final class JsonFields {

  private final String where;
  private final JsonNode object;
  private final Set<String> known = new HashSet<>();

  /**
   * Creates a reader of an object's fields.
   *
   * @param where the object's name in messages
   * @throws IllegalArgumentException if the node is not an object
   */
  JsonFields(String where, JsonNode object) {
    this.where = where;
    this.object = object;
    if (!object.isObject()) {
      throw new IllegalArgumentException(where + " is not an object but " + object);
    }
  }

  /** Returns the object's name in messages. */
  String where() {
    return where;
  }

  /** Returns the names of all fields in order. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** Returns a field, if it is present. */
  Optional<JsonNode> optional(String name) {
    known.add(name);
    return Optional.ofNullable(object.get(name));
  }

  /** Returns a field that must be present. */
  JsonNode required(String name) {
    return optional(name)
        .orElseThrow(() -> new IllegalArgumentException("%s has no %s".formatted(where, name)));
  }

  String text(String name) {
    return text(name, required(name));
  }

  Optional<String> optionalText(String name) {
    return optional(name).map(node -> text(name, node));
  }

  int number(String name) {
    return number(name, required(name));
  }

  int number(String name, int defaultValue) {
    return optional(name).map(node -> number(name, node)).orElse(defaultValue);
  }

  /** Returns whether a field is true; absent means false. */
  boolean isTrue(String name) {
    return optional(name)
        .map(node -> {
          check(name, node, node.isBoolean(), "true or false");
          return node.booleanValue();
        })
        .orElse(false);
  }

  /** Returns the elements of an array; empty if the field is absent. */
  List<JsonNode> elements(String name) {
    return optional(name)
        .map(node -> {
          check(name, node, node.isArray(), "an array");
          List<JsonNode> elements = new ArrayList<>();
          node.forEach(elements::add);
          return elements;
        })
        .orElse(List.of());
  }

  /** Returns the strings of an array; empty if the field is absent. */
  List<String> texts(String name) {
    return elements(name).stream().map(node -> text(name, node)).toList();
  }

  /**
   * Checks that all fields have been read.
   *
   * @throws IllegalArgumentException if the object has other fields
   */
  void end() {
    Set<String> unknown = Sets.difference(Set.copyOf(names()), known);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has the unknown field %s".formatted(where, String.join(", ", unknown)));
    }
  }

  private String text(String name, JsonNode node) {
    check(name, node, node.isTextual(), "a string");
    return node.textValue();
  }

  private int number(String name, JsonNode node) {
    check(name, node, node.canConvertToInt() && node.isIntegralNumber(), "an integer");
    return node.intValue();
  }

  private void check(String name, JsonNode node, boolean valid, String expected) {
    if (!valid) {
      throw new IllegalArgumentException(
          "%s of %s is not %s but %s".formatted(name, where, expected, node));
    }
  }
}
