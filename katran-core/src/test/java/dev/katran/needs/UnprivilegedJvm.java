package dev.katran.needs;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** JVMs of a user who is not root, with some capabilities and no way to more of them. */
public final class UnprivilegedJvm {

  private static final String NOBODY = "65534";
  private static final String SETPRIV = "setpriv";

  private final List<Path> classPath;
  private final List<String> prefix;

  private UnprivilegedJvm(List<Path> classPath, List<String> prefix) {
    this.classPath = classPath;
    this.prefix = prefix;
  }

  /**
   * JVMs that have this one's class path, as a copy, for others may not look where it is.
   *
   * @param folder an empty one of the test's own
   */
  public static UnprivilegedJvm in(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<Path> copies = new ArrayList<>();
    for (String entry :
        Splitter.on(System.getProperty("path.separator"))
            .split(System.getProperty("java.class.path"))) {
      Path source = Path.of(entry);
      if (Files.exists(source)) {
        Path copy = folder.resolve(copies.size() + "-" + source.getFileName());
        copy(source, copy);
        copies.add(copy);
      }
    }
    return new UnprivilegedJvm(copies, List.of());
  }

  /** The same in a mount namespace of its own, after root has run a command of the shell in it. */
  public UnprivilegedJvm after(String command) {
    return new UnprivilegedJvm(
        classPath, List.of("unshare", "--mount", "sh", "-c", command + " && exec \"$@\"", "sh"));
  }

  private static void copy(Path source, Path target) throws IOException {
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Path copy = Files.createDirectory(resolve(directory));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Path copy = Files.copy(file, resolve(file));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-r--r--"));
            return FileVisitResult.CONTINUE;
          }

          private Path resolve(Path file) {
            return target.resolve(source.relativize(file).toString()).normalize();
          }
        });
  }

  /** Whether this process may start them. */
  public static boolean isPossible() {
    try {
      Process process =
          new ProcessBuilder(SETPRIV, "--reuid=" + NOBODY, "--clear-groups", "true")
              .redirectErrorStream(true)
              .start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false; // there is no such command
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Starts one, in the calling thread's network namespace. Its standard error is this process's.
   *
   * @param capabilities as in {@code "net_admin"}
   */
  public Process start(Class<?> main, Set<String> capabilities, String... arguments) {
    String set =
        capabilities.stream()
            .sorted()
            .map(capability -> ",+" + capability)
            .collect(Collectors.joining("", "-all", ""));
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(SETPRIV, "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
    command.addAll(List.of("--inh-caps=" + set, "--ambient-caps=" + set, "--bounding-set=" + set));
    command.add("--no-new-privs");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.add(
        classPath.stream()
            .map(Path::toString)
            .collect(Collectors.joining(System.getProperty("path.separator"))));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
