package dev.katran.internal.dataplane.kernel;

import dev.katran.Count;
import dev.katran.Restoration;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_restoration;
import dev.katran.bpf.generated.katran_restore_config;
import dev.katran.bpf.generated.katran_restore_key;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.NativeException;
import dev.katran.internal.dataplane.AddressFilter;
import dev.katran.internal.dataplane.RestorationProgram;
import dev.katran.internal.dataplane.RestorationRules;
import dev.katran.internal.platform.LoadFailure;
import dev.katran.internal.platform.PlatformCheck;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A running source restorer: the program {@code restore.bpf.c} and its maps. */
public final class KernelSourceRestorer implements RestorationProgram {

  private static final int CAPACITY = 1 << 15;

  /**
   * Datagrams in fragments that are remembered: until their last fragment has left, which takes
   * microseconds. The kernel sets aside up to 128 unused entries for each CPU.
   */
  private static final int FRAGMENTED = 4096;

  private static final int FRAGMENTED_PER_CPU = 256;

  private final BpfObject object;
  private final MappedCounters counters;
  private @Nullable TcAttachment attachment;

  private KernelSourceRestorer(BpfObject object) {
    this.object = object;
    this.counters = new MappedCounters(object.map("counters"), Katran.KATRAN_RESTORE_COUNTERS());
  }

  /**
   * Loads the program, installs the restorations and attaches the program.
   *
   * @param interfaceName an interface of the calling thread's network namespace
   */
  public static KernelSourceRestorer open(String interfaceName, RestorationRules rules) {
    PlatformCheck.check();
    NativeAccess.check();
    KernelSourceRestorer restorer = load(rules);
    try {
      restorer.attachment = TcAttachment.open(interfaceName, restorer.program());
      return restorer;
    } catch (RuntimeException | Error e) {
      restorer.close();
      throw e;
    }
  }

  /** Loads the program and installs the restorations, but does not attach the program. */
  static KernelSourceRestorer load(RestorationRules rules) {
    BpfObject object;
    try {
      object = BpfObject.load("katran", BpfPrograms.restore(), fresh -> configure(fresh, rules));
    } catch (NativeException e) {
      throw LoadFailure.explain("cannot load the source restorer", e);
    }
    try {
      if (hasExceptions(rules)) {
        FilterMap.fill(object.map("exceptions"), exceptions(rules)).close();
      }
      KernelSourceRestorer restorer = new KernelSourceRestorer(object);
      rules.restorations().forEach(restorer::install);
      return restorer;
    } catch (RuntimeException | Error e) {
      object.close();
      throw e;
    }
  }

  private static void configure(BpfObject object, RestorationRules rules) {
    katran_restore_config.has_exceptions(
        object.constants(".rodata.config"), hasExceptions(rules) ? 1 : 0);
    if (hasExceptions(rules)) {
      FilterMap.prepare(object.map("exceptions"), exceptions(rules));
    } else {
      object.map("exceptions").autocreate(false);
    }
    int cpus = BpfMap.possibleCpus();
    // room for the old restorations and the new ones, when all are replaced
    object.map("restorations").maxEntries(2 * CAPACITY);
    object.map("fragments").maxEntries(Math.max(FRAGMENTED, FRAGMENTED_PER_CPU * cpus));
    object.map("counters").maxEntries(Katran.KATRAN_RESTORE_COUNTERS() * cpus);
  }

  private static boolean hasExceptions(RestorationRules rules) {
    return !rules.exceptions().isEmpty();
  }

  private static AddressFilter exceptions(RestorationRules rules) {
    return new AddressFilter.Listed(rules.exceptions());
  }

  BpfProgram program() {
    return object.program("restore");
  }

  @Override
  public int capacity() {
    return CAPACITY;
  }

  @Override
  public void install(Restoration restoration) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(katran_restoration.layout());
      Abi.writeRestoration(value, restoration);
      MemorySegment key = key(arena, restoration);
      KernelCalls.run(() -> restorations().update(key, value, BpfConstants.BPF_ANY));
    }
  }

  @Override
  public void remove(Restoration restoration) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = key(arena, restoration);
      KernelCalls.run(() -> restorations().delete(key));
    }
  }

  private static MemorySegment key(Arena arena, Restoration restoration) {
    MemorySegment key = arena.allocate(katran_restore_key.layout());
    Abi.writeRestoreKey(key, restoration);
    return key;
  }

  private BpfMap restorations() {
    return object.map("restorations");
  }

  @Override
  public Count restored() {
    return counters.read(Katran.KATRAN_RESTORED());
  }

  @Override
  public Count errors() {
    return counters.read(Katran.KATRAN_RESTORED_ERRORS());
  }

  @Override
  public Count fragments() {
    return counters.read(Katran.KATRAN_RESTORED_FRAGMENTS());
  }

  @Override
  public Count drops() {
    return counters.read(Katran.KATRAN_RESTORE_FAILED());
  }

  @Override
  public boolean isAttached() {
    return attachment != null && attachment.isAttached();
  }

  @Override
  public void refresh() {
    if (attachment != null) {
      attachment.keep();
    }
  }

  @Override
  public void close() {
    if (attachment != null) {
      attachment.close();
    }
    object.close();
  }
}
