package dev.katran.internal.configuration;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.PrettyPrinter;
import java.io.IOException;

/**
 * Writes each field of the outer object into a line of its own, and each element of an array there,
 * so that a tool that compares lines shows which VIP or table entry differs.
 */
final class JsonLines implements PrettyPrinter {

  private static final int LINES = 2;

  private int depth;

  private void start(JsonGenerator to, char bracket) throws IOException {
    to.writeRaw(bracket);
    depth++;
  }

  private void end(JsonGenerator to, int count, char bracket) throws IOException {
    depth--;
    if (count > 0 && depth < LINES) {
      line(to);
    }
    to.writeRaw(bracket);
  }

  private void first(JsonGenerator to) throws IOException {
    if (depth <= LINES) {
      line(to);
    }
  }

  private void next(JsonGenerator to) throws IOException {
    to.writeRaw(',');
    if (depth <= LINES) {
      line(to);
    } else {
      to.writeRaw(' ');
    }
  }

  private void line(JsonGenerator to) throws IOException {
    to.writeRaw('\n');
    for (int i = 0; i < depth; i++) {
      to.writeRaw("  ");
    }
  }

  @Override
  public void writeStartObject(JsonGenerator to) throws IOException {
    start(to, '{');
  }

  @Override
  public void beforeObjectEntries(JsonGenerator to) throws IOException {
    first(to);
  }

  @Override
  public void writeObjectFieldValueSeparator(JsonGenerator to) throws IOException {
    to.writeRaw(": ");
  }

  @Override
  public void writeObjectEntrySeparator(JsonGenerator to) throws IOException {
    next(to);
  }

  @Override
  public void writeEndObject(JsonGenerator to, int count) throws IOException {
    end(to, count, '}');
  }

  @Override
  public void writeStartArray(JsonGenerator to) throws IOException {
    start(to, '[');
  }

  @Override
  public void beforeArrayValues(JsonGenerator to) throws IOException {
    first(to);
  }

  @Override
  public void writeArrayValueSeparator(JsonGenerator to) throws IOException {
    next(to);
  }

  @Override
  public void writeEndArray(JsonGenerator to, int count) throws IOException {
    end(to, count, ']');
  }

  @Override
  public void writeRootValueSeparator(JsonGenerator to) throws IOException {
    to.writeRaw('\n');
  }
}
