package dev.katran;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.HeapJournal;
import dev.katran.internal.dataplane.memory.JavaDataplane;

class AdoptionTest extends AdoptionContract {

  @Override
  Dataplane open(DataplaneConfig config) {
    return JavaDataplane.journaled(config, System::nanoTime, new HeapJournal());
  }

  @Override
  Dataplane reopen(Dataplane dead, DataplaneConfig config) {
    return dead;
  }
}
