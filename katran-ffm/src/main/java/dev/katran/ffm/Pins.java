package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.LibC;
import java.nio.file.Path;

/** Pins and opens objects in a BPF file system. */
final class Pins {

  private static final String NO_BPFFS =
      "pinning needs CAP_BPF and a BPF file system: mount -t bpf bpf /sys/fs/bpf; in a container,"
          + " mount the host's as a volume";

  private Pins() {}

  static void pin(Object what, int fd, Path path) {
    int rc = Bpf.pin(fd, path.toString());
    if (rc < 0) {
      throw new BpfException(
          "pin " + what + " at " + path, -rc, rc == -Errno.EPERM ? NO_BPFFS : "");
    }
  }

  /** Opens what is pinned at {@code path}; {@code kind} is "map", "prog" or "link". */
  static int open(String kind, Path path) {
    LibbpfLibrary.ensureLoaded();
    String operation = "open " + kind + " pinned at " + path;
    int fd = Bpf.openPinned(path.toString());
    if (fd < 0) {
      throw new BpfException(operation, -fd);
    }
    try {
      if (!FdInfo.of(fd).has(kind + "_type")) {
        throw new BpfException(operation, Errno.EINVAL, "the pinned object is not a " + kind);
      }
      return fd;
    } catch (RuntimeException | Error e) {
      LibC.close(fd);
      throw e;
    }
  }
}
