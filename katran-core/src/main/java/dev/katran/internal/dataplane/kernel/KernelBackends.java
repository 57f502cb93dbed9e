package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.katran_backend;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.BackendTable;
import java.lang.foreign.MemorySegment;

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

  private MemorySegment at(int index) {
    return memory.asSlice(index * katran_backend.sizeof(), katran_backend.sizeof());
  }
}
