package dev.katran.examples.replay.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Sets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A JSON object that is read field by field. Whoever is done calls {@link #end}, which refuses what
 * nobody has asked for. All refusals name the object and the field.
 */
final class Fields {

  private final String where;
  private final JsonNode object;
  private final Set<String> known = new HashSet<>();

  /**
   * The fields of an object.
   *
   * @param where what the object is called in refusals
   * @throws IllegalArgumentException if it is no object
   */
  Fields(String where, JsonNode object) {
    this.where = where;
    this.object = object;
    if (!object.isObject()) {
      throw new IllegalArgumentException(where + " is no object, but " + object);
    }
  }

  /** What the object is called. */
  String where() {
    return where;
  }

  /** The names of all fields, in their order. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** A field that need not be there. */
  Optional<JsonNode> optional(String name) {
    known.add(name);
    return Optional.ofNullable(object.get(name));
  }

  /** A field that must be there. */
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

  int number(String name, int otherwise) {
    return optional(name).map(node -> number(name, node)).orElse(otherwise);
  }

  /** Whether the field is true; one that is not there is false. */
  boolean isTrue(String name) {
    return optional(name)
        .map(node -> {
          check(name, node, node.isBoolean(), "true or false");
          return node.booleanValue();
        })
        .orElse(false);
  }

  /** The elements of an array; none if the field is not there. */
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

  /** The texts of an array; none if the field is not there. */
  List<String> texts(String name) {
    return elements(name).stream().map(node -> text(name, node)).toList();
  }

  /**
   * Ends the reading.
   *
   * @throws IllegalArgumentException if there are fields that nobody has asked for
   */
  void end() {
    Set<String> unknown = Sets.difference(Set.copyOf(names()), known);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has the unknown field %s".formatted(where, String.join(", ", unknown)));
    }
  }

  private String text(String name, JsonNode node) {
    check(name, node, node.isTextual(), "a text");
    return node.textValue();
  }

  private int number(String name, JsonNode node) {
    check(name, node, node.canConvertToInt() && node.isIntegralNumber(), "a whole number");
    return node.intValue();
  }

  private void check(String name, JsonNode node, boolean isRight, String wanted) {
    if (!isRight) {
      throw new IllegalArgumentException(
          "%s of %s is not %s, but %s".formatted(name, where, wanted, node));
    }
  }
}
