package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_backend;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.BackendTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.packet.Hop;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The backends in the kernel, written through a memory mapping. */
final class KernelBackends implements BackendTable {

  private final MemorySegment memory;

  KernelBackends(KernelTables tables) {
    this.memory = tables.backends().mmap();
  }

  @Override
  public void put(int index, BackendEntry entry) {
    Abi.publishBackend(at(index), entry);
  }

  @Override
  public void remove(int index) {
    Abi.clearBackend(at(index));
  }

  @Override
  public @Nullable Hop hop(int index, BackendEntry backend) {
    return Abi.readHop(at(index), backend);
  }

  @Override
  public void retain(Set<Integer> indices) {
    int count = (int) (memory.byteSize() / katran_backend.sizeof());
    for (int index = Dataplane.NO_BACKEND + 1; index < count; index++) {
      if (!indices.contains(index) && Abi.hasBackend(at(index))) {
        remove(index);
      }
    }
  }

  private MemorySegment at(int index) {
    return memory.asSlice(index * katran_backend.sizeof(), katran_backend.sizeof());
  }
}
