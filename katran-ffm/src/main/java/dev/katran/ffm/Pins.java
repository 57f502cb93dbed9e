package dev.katran.ffm;

import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.FdInfo;
import dev.katran.ffm.internal.LibC;
import java.nio.file.Path;

/** Names in a BPF file system. */
final class Pins {

  private static final String NO_BPFFS =
      "pins need CAP_BPF and a BPF file system: mount -t bpf bpf /sys/fs/bpf, in a container as a"
          + " volume of the host's";

  private Pins() {}

  static void pin(Object what, int fd, Path path) {
    int rc = Bpf.pin(fd, path.toString());
    if (rc < 0) {
      throw new BpfException(
          "pin " + what + " at " + path, -rc, rc == -Errno.EPERM ? NO_BPFFS : "");
    }
  }

  /** Opens what is pinned at {@code path} if it is a {@code kind}, "map" or "link". */
  static int open(String kind, Path path) {
    LibbpfLibrary.ensureLoaded();
    String operation = "open " + kind + " pinned at " + path;
    int fd = Bpf.openPinned(path.toString());
    if (fd < 0) {
      throw new BpfException(operation, -fd);
    }
    if (!FdInfo.of(fd).has(kind + "_type")) {
      LibC.close(fd);
      throw new BpfException(operation, Errno.EINVAL, "no " + kind + " is pinned there");
    }
    return fd;
  }
}
