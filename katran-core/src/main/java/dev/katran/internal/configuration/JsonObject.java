package dev.katran.internal.configuration;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * An object of a JSON document, read as a whole because its fields may come in any order. Refuses
 * what does not belong there with an {@link IllegalArgumentException}, whose message begins with
 * the path of the field, such as {@code $.vips[3].key}, and contains the value.
 */
public final class JsonObject {

  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** A number or null, as it is written. */
  private record Literal(String text) {}

  private final String path;
  private final Map<String, Object> fields;

  private JsonObject(String path, Map<String, Object> fields) {
    this.path = path;
    this.fields = fields;
  }

  /**
   * Reads an object.
   *
   * @param parser whose current token is the first of the value, and will be its last
   * @throws IllegalArgumentException if it is not an object, or has a field twice
   * @throws IOException if it is not JSON
   */
  static JsonObject read(JsonParser parser) throws IOException {
    String path = path(parser);
    return object(path, readValue(parser, path));
  }

  /** Reads an array, whose elements are objects, one at a time, because there may be millions. */
  static void readEach(JsonParser parser, Consumer<JsonObject> reader) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw wrongType(parser, "an array");
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      reader.accept(read(parser));
    }
  }

  /** Reads a text and converts it. */
  static <T> T readText(JsonParser parser, Function<String, T> convert) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw wrongType(parser, "a string");
    }
    try {
      return convert.apply(parser.getText());
    } catch (IllegalArgumentException e) {
      throw refused(path(parser), e);
    }
  }

  private static Object readValue(JsonParser parser, String path) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> readObject(parser, path);
      case START_ARRAY -> readArray(parser, path);
      case VALUE_STRING -> parser.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> new Literal(parser.getText());
    };
  }

  private static JsonObject readObject(JsonParser parser, String path) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      boolean isFlat = !parser.nextToken().isStructStart(); // and needs no path, which takes time
      if (fields.put(name, readValue(parser, isFlat ? "" : path + field(name))) != null) {
        throw error(path + field(name), "is there twice");
      }
    }
    return new JsonObject(path, fields);
  }

  private static List<Object> readArray(JsonParser parser, String path) throws IOException {
    List<Object> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(readValue(parser, path + "[" + elements.size() + "]"));
    }
    return Collections.unmodifiableList(elements);
  }

  /** Returns the path of a parser's current value, such as {@code $.vips[3]}. */
  static String path(JsonParser parser) {
    JsonStreamContext context = parser.getParsingContext();
    boolean isInside = parser.currentToken().isStructStart();
    return path(isInside ? context.getParent() : context);
  }

  private static String path(JsonStreamContext context) {
    if (context.inRoot()) {
      return "$";
    }
    return path(context.getParent())
        + (context.inArray()
            ? "[" + context.getCurrentIndex() + "]"
            : field(context.getCurrentName()));
  }

  private static String field(String name) {
    return PLAIN_NAME.matcher(name).matches()
        ? "." + name
        : "[\"" + new String(JsonStringEncoder.getInstance().quoteAsString(name)) + "\"]";
  }

  /** Refuses a parser's current value unless it is an object. */
  static void requireObject(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrongType(parser, "an object");
    }
  }

  /** Refuses a parser's current value because it should be something else. */
  static IllegalArgumentException wrongType(JsonParser parser, String expected) throws IOException {
    String path = path(parser);
    return wrongType(path, expected, readValue(parser, path));
  }

  static IllegalArgumentException error(String path, String problem) {
    return new IllegalArgumentException(path + ": " + problem);
  }

  private String pathOf(String name) {
    return path + field(name);
  }

  private static JsonObject object(String path, Object value) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw wrongType(path, "an object", value);
  }

  private static IllegalArgumentException wrongType(String path, String expected, Object value) {
    String found =
        switch (value) {
          case String text -> "\"" + text + "\"";
          case Literal literal -> literal.text();
          case JsonObject object -> "an object";
          case List<?> list -> "an array";
          default -> value.toString();
        };
    return error(path, "must be %s, but is %s".formatted(expected, found));
  }

  private Object required(String name) {
    Object value = fields.get(name);
    if (value == null) {
      throw error(path, "has no field \"" + name + "\", which is required");
    }
    return value;
  }

  /** Refuses fields with other names. */
  void allowOnly(String... names) {
    Set<String> known = Set.of(names);
    for (String name : fields.keySet()) {
      if (!known.contains(name)) {
        throw unknown(pathOf(name), Arrays.asList(names));
      }
    }
  }

  static IllegalArgumentException unknown(String path, List<String> known) {
    return error(path, "unknown field; known are " + String.join(", ", known));
  }

  /** Returns a required text, converted. */
  <T> T text(String name, Function<String, T> convert) {
    if (required(name) instanceof String text) {
      return at(name, () -> convert.apply(text));
    }
    throw wrongType(pathOf(name), "a string", required(name));
  }

  /** Returns a text, converted, or the default if there is none. */
  <T> T text(String name, T absent, Function<String, T> convert) {
    return fields.containsKey(name) ? text(name, convert) : absent;
  }

  /** Returns a constant, or the default if there is none. */
  <E extends Enum<E>> E constant(String name, E absent) {
    return text(name, absent, text -> constant(absent.getDeclaringClass(), text));
  }

  /** Returns a required constant. */
  <E extends Enum<E>> E constant(String name, Class<E> type) {
    return text(name, text -> constant(type, text));
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String text) {
    E[] constants = type.getEnumConstants();
    for (E each : constants) {
      if (each.name().equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "\"%s\" is not one of %s".formatted(text, Arrays.toString(constants)));
  }

  /** Returns a required whole number, converted. */
  <T> T integer(String name, IntFunction<T> convert) {
    Object value = required(name);
    if (value instanceof Literal(String text)) {
      int number;
      try {
        number = Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw wrongType(pathOf(name), "a whole number of 32 bits", value);
      }
      return at(name, () -> convert.apply(number));
    }
    throw wrongType(pathOf(name), "a whole number", value);
  }

  /** Returns a whole number, converted, or the default if there is none. */
  <T> T integer(String name, T absent, IntFunction<T> convert) {
    return fields.containsKey(name) ? integer(name, convert) : absent;
  }

  /** Returns whether a switch is on; off if it is absent. */
  boolean isOn(String name) {
    Object value = fields.getOrDefault(name, false);
    if (value instanceof Boolean on) {
      return on;
    }
    throw wrongType(pathOf(name), "true or false", value);
  }

  /** Returns a required object, converted. */
  <T> T object(String name, Function<JsonObject, T> convert) {
    return convert.apply(object(pathOf(name), required(name)));
  }

  /** Returns an array of objects, converted; empty if it is absent. */
  <T> List<T> objects(String name, Function<JsonObject, T> convert) {
    Object value = fields.getOrDefault(name, List.of());
    if (value instanceof List<?> elements) {
      ImmutableList.Builder<T> objects = ImmutableList.builder();
      for (int i = 0; i < elements.size(); i++) {
        objects.add(convert.apply(object(pathOf(name) + "[" + i + "]", elements.get(i))));
      }
      return objects.build();
    }
    throw wrongType(pathOf(name), "an array", value);
  }

  /** Converts a field, and puts its path before the message of a refusal. */
  private <T> T at(String name, Supplier<T> conversion) {
    try {
      return conversion.get();
    } catch (IllegalArgumentException e) {
      throw refused(pathOf(name), e);
    }
  }

  /** Converts the object as a whole, and puts its path before the message of a refusal. */
  <T> T convert(Supplier<T> conversion) {
    try {
      return conversion.get();
    } catch (IllegalArgumentException e) {
      throw refused(path, e);
    }
  }

  /** Refuses the object as a whole. */
  IllegalArgumentException refuse(String problem) {
    return error(path, problem);
  }

  /** Refuses the value of a field. */
  IllegalArgumentException refuse(String name, String problem) {
    return error(pathOf(name), problem);
  }

  /** Puts a path before the message of a refusal. */
  static IllegalArgumentException refused(String path, IllegalArgumentException refusal) {
    return new IllegalArgumentException(path + ": " + refusal.getMessage(), refusal);
  }
}
