package dev.katran;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import javax.tools.ToolProvider;

/**
 * The made-up next version of the library, whose structs have a field more: this one, with another
 * program and another Java view of the ABI. Both are in the resources; {@code src/test/bpf/next}
 * makes them.
 */
public final class NextVersion implements AutoCloseable {

  private static final String PACKAGE = "dev/katran/bpf/";
  private static final List<String> VIEW = List.of("Katran", "katran_backend", "katran_vip");

  private final Path classes;
  private final URLClassLoader loader;

  /** Compiles the version into a folder. */
  public NextVersion(Path classes) {
    this.classes = classes;
    try {
      compile();
      List<URL> path = new ArrayList<>();
      for (String entry : Splitter.on(File.pathSeparatorChar).split(classPath())) {
        path.add(Path.of(entry).toUri().toURL());
      }
      loader = new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void compile() throws IOException {
    Path target = Files.createDirectories(classes.resolve(PACKAGE));
    copy("balancer.bpf.o", target.resolve("balancer.bpf.o"));
    List<String> command =
        new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString()));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    for (String name : VIEW) {
      Path source = classes.resolve(name + ".java");
      copy("generated/" + name + ".java.txt", source);
      command.add(source.toString());
    }
    int errors =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, command.toArray(String[]::new));
    if (errors != 0) {
      throw new IllegalStateException(
          "the next version cannot be compiled; make -C katran-core/src/test/bpf/next");
    }
  }

  private static void copy(String resource, Path target) throws IOException {
    try (InputStream in = NextVersion.class.getResourceAsStream("/dev/katran/next/" + resource)) {
      if (in == null) {
        throw new IllegalStateException("missing resource " + resource);
      }
      Files.copy(in, target);
    }
  }

  /** Returns a class path with this version in front of the other one. */
  public String classPath() {
    return classes + File.pathSeparator + System.getProperty("java.class.path");
  }

  /** Returns a scene in this version. */
  @SuppressWarnings("unchecked")
  Function<List<String>, Map<String, String>> scene() throws ReflectiveOperationException {
    return (Function<List<String>, Map<String, String>>)
        loader.loadClass(PinnedScene.class.getName()).getConstructor().newInstance();
  }

  @Override
  public void close() throws IOException {
    loader.close();
  }
}
