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

/** Starts JVMs that run as an unprivileged user with a limited set of capabilities. */
public final class UnprivilegedJvm {

  private static final String UID_OF_NOBODY = "65534";
  private static final String SETPRIV = "setpriv";

  private final List<Path> classPath;
  private final List<String> prefix;

  private UnprivilegedJvm(List<Path> classPath, List<String> prefix) {
    this.classPath = classPath;
    this.prefix = prefix;
  }

  /**
   * Creates a launcher that uses a copy of this JVM's class path, which the unprivileged user may
   * not be able to read.
   *
   * @param folder an empty directory for the copy
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

  /**
   * Returns a launcher whose JVMs run in their own mount namespace, after root has run a shell
   * command in it.
   */
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

  /** Returns whether this process can start such JVMs. */
  public static boolean isPossible() {
    try {
      Process process =
          new ProcessBuilder(SETPRIV, "--reuid=" + UID_OF_NOBODY, "--clear-groups", "true")
              .redirectErrorStream(true)
              .start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false; // setpriv is not installed
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Starts a JVM in the calling thread's network namespace. It inherits this process's standard
   * error.
   *
   * @param capabilities in the form {@code "net_admin"}
   */
  public Process start(Class<?> main, Set<String> capabilities, String... arguments) {
    String set =
        capabilities.stream()
            .sorted()
            .map(capability -> ",+" + capability)
            .collect(Collectors.joining("", "-all", ""));
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(SETPRIV, "--reuid=" + UID_OF_NOBODY, "--regid=" + UID_OF_NOBODY, "--clear-groups"));
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
