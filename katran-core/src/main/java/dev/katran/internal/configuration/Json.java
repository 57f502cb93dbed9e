package dev.katran.internal.configuration;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** JSON documents in strings. */
public final class Json {

  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** Writes a document. */
  public interface Writer {
    /** Writes it. */
    void write(JsonGenerator to) throws IOException;
  }

  /** Reads a document. */
  interface Reader<T> {
    /** Reads it from a parser, whose current token is the document's first, up to its last. */
    T read(JsonParser from) throws IOException;
  }

  /** Returns what a writer writes, without any white space. */
  public static String compact(Writer writer) {
    return write(writer, false);
  }

  /** Returns what a writer writes, with a line for each element of an array in the outer object. */
  static String lines(Writer writer) {
    return write(writer, true);
  }

  private static String write(Writer writer, boolean inLines) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      if (inLines) {
        generator.setPrettyPrinter(new JsonLines());
      }
      writer.write(generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not by a string
    }
    return text.toString();
  }

  /**
   * Reads a document that is a single object.
   *
   * @throws IllegalArgumentException if it is not JSON, or the conversion refuses it
   */
  public static <T> T readObject(String json, Function<JsonObject, T> convert) {
    return read(json, parser -> convert.apply(JsonObject.read(parser)));
  }

  /**
   * Reads a document.
   *
   * @throws IllegalArgumentException if it is not JSON, or the reader refuses it
   */
  static <T> T read(String json, Reader<T> reader) {
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() == null) {
        throw JsonObject.error("$", "is empty");
      }
      T value = reader.read(parser);
      if (parser.nextToken() != null) {
        throw JsonObject.error("$", "is followed by " + parser.getText());
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "$: is not JSON%s: %s".formatted(place(e.getLocation()), e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not by a string
    }
  }

  /** Returns the place of an error, which some do not have, such as too deep nesting. */
  private static String place(@Nullable JsonLocation location) {
    return location == null
        ? ""
        : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }
}
