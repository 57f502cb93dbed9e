package dev.katran.walls;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The imports of the project's own classes in this module's sources. */
final class Imports {

  private static final Path SOURCES = Path.of("src", "main", "java");
  private static final String JAVA = ".java";

  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?(dev\\.katran\\.[\\w.]+);$", Pattern.MULTILINE);

  /**
   * One import.
   *
   * @param importer the full name of the top-level class that has the import
   * @param imported the full name of the top-level class that is imported, or a member of it
   */
  record Import(String importer, String imported) {}

  private Imports() {}

  static ImmutableList<Import> ofMainSources() throws IOException {
    List<Path> files;
    try (Stream<Path> tree = Files.walk(SOURCES)) {
      files = tree.filter(each -> isClass(each.getFileName().toString())).toList();
    }
    ImmutableList.Builder<Import> imports = ImmutableList.builder();
    for (Path file : files) {
      String importer = className(SOURCES.relativize(file).toString());
      IMPORT
          .matcher(Files.readString(file))
          .results()
          .map(match -> new Import(importer, Room.topLevelClass(match.group(1))))
          .forEach(imports::add);
    }
    return imports.build();
  }

  /** Returns whether a file is a class, unlike {@code package-info.java}. */
  private static boolean isClass(String fileName) {
    return fileName.endsWith(JAVA) && !fileName.contains("-");
  }

  private static String className(String path) {
    String name = path.substring(0, path.length() - JAVA.length());
    return CharMatcher.anyOf("/\\").replaceFrom(name, '.');
  }
}
