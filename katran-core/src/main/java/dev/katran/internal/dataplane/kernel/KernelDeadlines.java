package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.KernelClock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of changes in the kernel: readings of {@link KernelClock}. It goes on when the
 * process ends, and starts anew with the machine, like the maps.
 */
final class KernelDeadlines implements DeadlineTable {

  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();
  private static final long NONE = 0;

  private final MemorySegment words;

  KernelDeadlines(KernelTables tables) {
    this.words = tables.changeDeadlines().mmap();
  }

  /** Returns whether any pinned deadline is ahead: only until then may slots be changing. */
  static boolean anyAhead(MapPins pins) {
    long now = System.nanoTime();
    try (BpfMap map = pins.open("change_deadlines")) {
      for (int vip = 0; vip < map.maxEntries(); vip++) {
        if ((long) WORD.getAcquire(map.mmap(), (long) vip * Long.BYTES) > now) {
          return true;
        }
      }
      return false;
    }
  }

  @Override
  public void put(int vip, Duration fromNow) {
    set(vip, Math.max(NONE + 1, KernelClock.nanoTime() + fromNow.toNanos()));
  }

  @Override
  public void remove(int vip) {
    set(vip, NONE);
  }

  @Override
  public @Nullable Duration left(int vip) {
    long deadline = (long) WORD.getAcquire(words, (long) vip * Long.BYTES);
    return deadline == NONE ? null : Duration.ofNanos(deadline - KernelClock.nanoTime());
  }

  @Override
  public void retain(Set<Integer> vips) {
    for (int vip = 0; vip < words.byteSize() / Long.BYTES; vip++) {
      if (!vips.contains(vip) && left(vip) != null) {
        remove(vip);
      }
    }
  }

  /** Publishes a deadline, before the rings that are written after it. */
  private void set(int vip, long deadline) {
    WORD.setRelease(words, (long) vip * Long.BYTES, deadline);
  }
}
