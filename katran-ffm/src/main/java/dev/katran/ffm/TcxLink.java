package dev.katran.ffm;

import dev.katran.ffm.generated.libbpf.bpf_link_info;
import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.internal.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A BPF link that attaches a classifier to an interface's tcx hook. */
final class TcxLink implements TcHook.Attachment {

  private static final int CLOSED = -1;

  private int fd;

  private TcxLink(int fd) {
    this.fd = fd;
  }

  static TcxLink attach(BpfProgram program, int ifindex, String operation) {
    int fd = Bpf.attachTcxEgress(program.fd(), ifindex);
    if (fd < 0) {
      throw new BpfException(operation, -fd);
    }
    return new TcxLink(fd);
  }

  @Override
  public synchronized boolean isAttached() {
    if (fd == CLOSED) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(bpf_link_info.layout());
      int rc = Bpf.info(fd, info);
      if (rc < 0) {
        throw new BpfException("query a tcx link", -rc);
      }
      // the index is the first field of the link's part, as in that of an XDP link
      return bpf_link_info.xdp.ifindex(bpf_link_info.xdp(info)) != 0;
    }
  }

  @Override
  public synchronized void close() {
    if (fd != CLOSED) {
      LibC.close(fd);
      fd = CLOSED;
    }
  }
}
