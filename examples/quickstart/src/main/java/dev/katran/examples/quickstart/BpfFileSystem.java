package dev.katran.examples.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A BPF file system of its own, in a mount namespace of its own: the machine's mounts stay as they
 * are. A process holds the namespace until its standard input ends, at the latest with this JVM, so
 * that nothing is left behind.
 */
final class BpfFileSystem implements AutoCloseable {

  /** Where it is mounted, which is where systemd mounts the machine's. */
  static final Path PATH = Path.of("/sys/fs/bpf");

  private static final String MOUNTED = "mounted";

  private final Process holder;

  private BpfFileSystem(Process holder) {
    this.holder = holder;
  }

  static BpfFileSystem mount() throws IOException {
    String script = "mount -t bpf bpf %s && echo %s && exec cat".formatted(PATH, MOUNTED);
    BpfFileSystem files =
        new BpfFileSystem(
            new ProcessBuilder("unshare", "-m", "sh", "-c", script)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    if (!MOUNTED.equals(files.holder.inputReader().readLine())) {
      files.close();
      throw new IOException("cannot mount a BPF file system");
    }
    return files;
  }

  /** Returns the start of the command of a process that sees the file system. */
  List<String> enter() {
    return List.of("nsenter", "-t", Long.toString(holder.pid()), "-m");
  }

  @Override
  public void close() throws IOException {
    holder.outputWriter().close();
    holder.onExit().join();
  }
}
