package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.NativeException;
import dev.katran.internal.dataplane.BackendTable;
import dev.katran.internal.dataplane.CounterTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.ForwardingProgram;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.RingTable;
import dev.katran.internal.dataplane.VipTable;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.platform.HostAddresses;
import dev.katran.internal.platform.LoadFailure;
import dev.katran.internal.platform.PlatformCheck;
import dev.katran.internal.platform.XdpInterface;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The dataplane in the kernel: the program {@code balancer.bpf.c} and its maps. */
public final class KernelDataplane implements Dataplane, ForwardingProgram {

  private static final Logger log = LoggerFactory.getLogger(KernelDataplane.class);

  /** Changes if the interface's index or MAC address does. Written with {@code replacing} held. */
  private volatile DataplaneConfig config;

  private final KernelTables tables;
  private final KernelCounters counters;
  private final KernelFlowTable flows;
  private final KernelVips vips;
  private final KernelRings rings;
  private final KernelBackends backends;

  /** Read-locked while the program is in use, write-locked while it is replaced. */
  private final ReentrantReadWriteLock programLock = new ReentrantReadWriteLock();

  private KernelProgram program;

  /** The programs that were replaced, or loaded ahead, since the last {@link #commit}. */
  private final List<KernelProgram> spare = new ArrayList<>();

  /** Held while the program is replaced, by a change or because the interface changed. */
  private final ReentrantLock replacing = new ReentrantLock();

  /** Null if the program is not attached to an interface. */
  private @Nullable XdpAttachment attachment;

  /** Null if VIPs may contain them. */
  private @Nullable HostAddresses hostAddresses;

  private KernelDataplane(DataplaneConfig config, KernelTables tables) {
    this.config = config;
    this.tables = tables;
    this.counters = new KernelCounters(tables);
    this.flows = new KernelFlowTable(tables::flowTables, config.flowSecret(), System::nanoTime);
    this.vips = new KernelVips(tables);
    this.rings = new KernelRings(tables, config.limits().ringSize());
    this.backends = new KernelBackends(tables);
    this.program = KernelProgram.load(config, Features.NONE, tables);
  }

  /** Loads the program without attaching it. */
  public static KernelDataplane detached(DataplaneConfig config) {
    PlatformCheck.check();
    NativeAccess.check();
    try {
      return load(config);
    } catch (NativeException e) {
      throw LoadFailure.explain("cannot load the program", e);
    }
  }

  /**
   * Loads the program and attaches it to an interface. All packets pass until there are VIPs.
   *
   * @param interfaceName in the calling thread's network namespace
   * @param acceptForeignMacs whether frames to other MAC addresses than the interface's are
   *     balanced
   * @param coverHostAddresses whether VIPs of prefixes may contain addresses of this host
   */
  public static KernelDataplane attached(
      DataplaneConfig config,
      String interfaceName,
      AttachMode mode,
      boolean acceptForeignMacs,
      boolean coverHostAddresses) {
    PlatformCheck.check();
    XdpInterface ingress = XdpInterface.find(interfaceName);
    ingress.checkVlanTags();
    KernelDataplane dataplane =
        detached(
            acceptForeignMacs
                ? config
                : config.with(c -> c.own = own(ingress.ifindex(), ingress.mac())));
    try {
      if (!coverHostAddresses) {
        dataplane.hostAddresses = HostAddresses.open();
      }
      dataplane.attachment =
          XdpAttachment.open(ingress, mode, dataplane::programFor, dataplane.replacing);
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private static DataplaneConfig.@Nullable OwnInterface own(
      int index, dev.katran.ffm.net.@Nullable MacAddress mac) {
    return mac == null ? null : new DataplaneConfig.OwnInterface(index, new MacAddress(mac.bits()));
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

  /** Returns the tables. For tests that load other programs with them. */
  KernelTables tables() {
    return tables;
  }

  /** Returns the program in use, until {@link #use} replaces it. */
  KernelProgram loaded() {
    return program;
  }

  /**
   * Returns the index of the interface, or 0 if the program is not attached to one. It changes if
   * the interface is deleted and created again.
   */
  public int interfaceIndex() {
    return attachment == null ? 0 : attachment.state().ifindex();
  }

  @Override
  public Set<InetAddress> hostAddresses() {
    return hostAddresses == null ? Set.of() : KernelCalls.get(hostAddresses::list);
  }

  @Override
  public Optional<InterfaceState> attachment() {
    return attachment == null ? Optional.empty() : Optional.of(attachment.state());
  }

  @Override
  public ForwardingProgram program() {
    return this;
  }

  @Override
  public Runnable loading(Features features) {
    DataplaneConfig now = config;
    Map<String, BpfMap> maps = KernelCalls.get(() -> tables.mapsFor(features));
    return () -> {
      KernelProgram loaded =
          KernelCalls.get(() -> KernelProgram.load(now, features, tables.geometry(), maps));
      synchronized (spare) {
        spare.add(loaded);
      }
    };
  }

  @Override
  public void use(Features features) {
    replacing.lock();
    try {
      if (features.equals(program.features())) {
        return;
      }
      KernelCalls.run(() -> replaceProgram(config, features));
    } finally {
      replacing.unlock();
    }
    if (!features.tracksFlows()) {
      flows.clear(); // no program updates the entries any longer
    }
  }

  private void replaceProgram(DataplaneConfig next, Features features) {
    KernelProgram unused = takeSpare(next, features);
    if (unused == null) {
      unused = KernelProgram.load(next, features, tables);
    }
    programLock.writeLock().lock();
    try {
      if (attachment != null) {
        attachment.update(unused.program());
      }
      KernelProgram before = program;
      program = unused;
      config = next;
      unused = before;
    } finally {
      programLock.writeLock().unlock();
      synchronized (spare) {
        spare.add(unused); // the old program or, after a failure, the new one
      }
    }
  }

  private @Nullable KernelProgram takeSpare(DataplaneConfig config, Features features) {
    synchronized (spare) {
      for (KernelProgram each : spare) {
        if (each.isFor(config, features)) {
          spare.remove(each);
          return each;
        }
      }
      return null;
    }
  }

  @Override
  public void commit() {
    rings.commit();
    tables.commit();
    closeSpare();
  }

  private void closeSpare() {
    synchronized (spare) {
      spare.forEach(KernelProgram::close);
      spare.clear();
    }
  }

  /** Closes the spare programs for what the interface was before: no change can use them again. */
  private void closeOutdated() {
    synchronized (spare) {
      List<KernelProgram> outdated = spare.stream().filter(each -> !each.isFor(config)).toList();
      spare.removeAll(outdated);
      outdated.forEach(KernelProgram::close);
    }
  }

  /** Returns the program for the interface, whose index and MAC address are constants in it. */
  private BpfProgram programFor(int index, dev.katran.ffm.net.@Nullable MacAddress mac) {
    DataplaneConfig.OwnInterface before = config.own();
    DataplaneConfig.OwnInterface now = before == null ? null : own(index, mac);
    if (now != null && !now.equals(before)) {
      replaceProgram(config.with(c -> c.own = now), program.features());
      closeOutdated();
      if (now.ifindex() == before.ifindex()) {
        log.info("the interface's MAC address is now {}", now.mac());
      }
    }
    return program.program();
  }

  @Override
  public Simulation run(byte[] frame) {
    programLock.readLock().lock();
    try {
      return KernelCalls.get(() -> TestRun.run(program.program(), frame));
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public long measure(MemorySegment frame) {
    programLock.readLock().lock();
    try {
      return TestRun.measure(program.program(), frame);
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public OptionalInt descriptor() {
    programLock.readLock().lock();
    try {
      return OptionalInt.of(program.program().fd());
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public void batch(Runnable changes) {
    vips.batch(() -> rings.batch(changes)); // rings must be installed before their VIPs
  }

  @Override
  public VipTable vips() {
    return vips;
  }

  @Override
  public RingTable rings() {
    return rings;
  }

  @Override
  public BackendTable backends() {
    return backends;
  }

  @Override
  public IndexTable<Integer> serverIds() {
    return tables.serverIds();
  }

  @Override
  public IndexTable<Prefix> sourceRoutes() {
    return tables.sourceRoutes();
  }

  @Override
  public IndexTable<DownKey> down() {
    return tables.down();
  }

  @Override
  public IndexTable<InetAddress> tunnelEndpoints() {
    return tables.tunnelEndpoints();
  }

  @Override
  public FlowTable flows() {
    return flows;
  }

  @Override
  public CounterTable counters() {
    return counters;
  }

  @Override
  public ResourceUsage resources() {
    programLock.readLock().lock();
    try {
      return new ResourceUsage(
          program.kernelMemory() + tables.kernelMemory() + rings.kernelMemory(),
          program.instructions(),
          program.verification());
    } finally {
      programLock.readLock().unlock();
    }
  }

  @Override
  public void close() {
    if (attachment != null) {
      attachment.close();
    }
    if (hostAddresses != null) {
      hostAddresses.close();
    }
    closeSpare();
    program.close();
    rings.close();
    tables.close();
  }
}
