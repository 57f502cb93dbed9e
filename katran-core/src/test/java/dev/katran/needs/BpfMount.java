package dev.katran.needs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An empty BPF file system, which all threads see, until it is closed. */
public final class BpfMount implements AutoCloseable {

  private final Path path;

  private BpfMount(Path path) {
    this.path = path;
  }

  /** Mounts a file system. This needs CAP_SYS_ADMIN. */
  public static BpfMount open() {
    try {
      BpfMount mount = new BpfMount(Files.createTempDirectory("katran-bpffs"));
      run("mount", "-t", "bpf", "bpf", mount.path.toString());
      return mount;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns where it is mounted. */
  public Path path() {
    return path;
  }

  private static void run(String... command) throws IOException {
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", command) + " failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      run("umount", "-l", path.toString());
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
