package dev.katran.walls;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where classes were loaded from. */
final class CodeSources {

  private CodeSources() {}

  /** Returns the folder or jar that holds a class. */
  static Path of(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the location of " + type + " is no file", e);
    }
  }
}
