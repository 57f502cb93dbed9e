package dev.katran.dataplane;

import dev.katran.AttachMode;
import dev.katran.Count;
import dev.katran.Footprint;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.VipKey;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.Errno;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpLink;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/** The program in the kernel, and its tables. */
public final class KernelDataplane implements Dataplane {

  private final DataplaneConfig config;
  private final KernelTables tables;
  private final KernelCounters counters;
  private final KernelFlowTable flows;
  private final KernelVips vips;
  private final KernelRings rings;
  private final MemorySegment backends;

  /** Read while the program is used, written while another one takes its place. */
  private final ReentrantReadWriteLock programLock = new ReentrantReadWriteLock();

  private KernelProgram program;
  private @Nullable XdpLink link;
  private int ifindex;

  private KernelDataplane(DataplaneConfig config, KernelTables tables) {
    this.config = config;
    this.tables = tables;
    this.counters = new KernelCounters(tables);
    this.flows = new KernelFlowTable(tables::flowTables);
    this.vips = new KernelVips(tables);
    this.rings = new KernelRings(tables, config.ringSize());
    this.backends = tables.backends().mmap();
    this.program = KernelProgram.load(config, Features.NONE, tables);
  }

  /** Loads the program, attached to nothing. */
  public static KernelDataplane detached(DataplaneConfig config) {
    Platform.check();
    try {
      return load(config);
    } catch (NativeException e) {
      throw LoadRefusal.explain("cannot load the program", e);
    }
  }

  /**
   * Loads the program and attaches it to an interface, by which all packets pass until there are
   * VIPs.
   *
   * @param interfaceName in the calling thread's network namespace
   */
  public static KernelDataplane attached(
      DataplaneConfig config, String interfaceName, AttachMode mode) {
    Platform.check();
    XdpInterface ingress = XdpInterface.find(interfaceName);
    KernelDataplane dataplane = detached(config);
    try {
      dataplane.link = ingress.attach(dataplane.program.program(), mode);
      dataplane.ifindex = ingress.ifindex();
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private static KernelDataplane load(DataplaneConfig config) {
    KernelTables tables = new KernelTables(config);
    try {
      return new KernelDataplane(config, tables);
    } catch (RuntimeException | Error e) {
      tables.close();
      throw e;
    }
  }

  /** The tables, for programs of tests that look into the same ones. */
  KernelTables tables() {
    return tables;
  }

  /** The program that is in use, until {@link #use} puts another one in its place. */
  KernelProgram program() {
    return program;
  }

  /** The index of the interface; 0 if there is none. */
  public int interfaceIndex() {
    return ifindex;
  }

  @Override
  public void use(Features features) {
    if (features.equals(program.features())) {
      return;
    }
    KernelProgram next = KernelProgram.load(config, features, tables);
    programLock.writeLock().lock();
    try {
      attach(next);
      KernelProgram before = program;
      program = next;
      next = before;
    } finally {
      programLock.writeLock().unlock();
      next.close(); // the one that is not in use: the old one or, after a failure, the new one
    }
    if (!features.remembersFlows()) {
      flows.clear(); // it would not follow what happens meanwhile
    }
  }

  /** Has the program take the place of the attached one; where the interface is gone, none is. */
  private void attach(KernelProgram next) {
    if (link == null) {
      return;
    }
    try {
      link.update(next.program());
    } catch (BpfException e) {
      if (e.errno() != Errno.ENOLINK) {
        throw e;
      }
    }
  }

  @Override
  public void together(Runnable changes) {
    vips.together(() -> rings.together(changes)); // rings are there before their VIPs
  }

  @Override
  public void putVip(VipKey key, VipEntry entry) {
    vips.put(key, entry);
  }

  @Override
  public void removeVip(VipKey key) {
    vips.remove(key);
  }

  @Override
  public void answerPing(Destination destination, boolean answer) {
    vips.answerPing(destination, answer);
  }

  @Override
  public void putRing(int vip, RingSlots ring) {
    rings.put(vip, ring);
  }

  @Override
  public void markRing(int vip, RingSlots ring) {
    rings.mark(vip, ring);
  }

  @Override
  public void removeRing(int vip) {
    rings.remove(vip);
  }

  @Override
  public void putBackend(int number, BackendEntry entry) {
    Abi.publishBackend(backend(number), entry);
  }

  @Override
  public void removeBackend(int number) {
    Abi.clearBackend(backend(number));
  }

  private MemorySegment backend(int number) {
    return backends.asSlice(number * katran_backend.sizeof(), katran_backend.sizeof());
  }

  @Override
  public NumberTable<Integer> serverIds() {
    return tables.serverIds();
  }

  @Override
  public NumberTable<Prefix> sourceRoutes() {
    return tables.sourceRoutes();
  }

  @Override
  public NumberTable<DownKey> down() {
    return tables.down();
  }

  @Override
  public NumberTable<InetAddress> tunnelEnds() {
    return tables.tunnelEnds();
  }

  @Override
  public FlowTable flows() {
    return flows;
  }

  @Override
  public Count count(Counter counter) {
    return counters.count(counter);
  }

  @Override
  public void clear(Counter counter) {
    counters.clear(counter);
  }

  @Override
  public long newFlows() {
    return counters.newFlows();
  }

  @Override
  public int quicInvalidIdSample() {
    return counters.quicInvalidIdSample();
  }

  @Override
  public Simulation run(byte[] frame) {
    programLock.readLock().lock();
    try {
      return SimulatedFrame.run(program.program(), frame);
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public long measure(MemorySegment frame) {
    programLock.readLock().lock();
    try {
      return SimulatedFrame.measure(program.program(), frame);
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public Footprint footprint() {
    programLock.readLock().lock();
    try {
      return new Footprint(
          program.kernelMemory() + tables.kernelMemory() + rings.kernelMemory(),
          program.instructions(),
          program.verification());
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    if (link != null) {
      link.close();
    }
    program.close();
    rings.close();
    tables.close();
  }
}
