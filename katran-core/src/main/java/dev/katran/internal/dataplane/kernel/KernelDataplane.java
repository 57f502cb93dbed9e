package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableMap;
import dev.katran.AttachMode;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.NativeException;
import dev.katran.internal.dataplane.BackendTable;
import dev.katran.internal.dataplane.CounterTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.ForwardingProgram;
import dev.katran.internal.dataplane.HookSpec;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.Journal;
import dev.katran.internal.dataplane.KernelClock;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.RingTable;
import dev.katran.internal.dataplane.Surroundings;
import dev.katran.internal.dataplane.VipTable;
import dev.katran.internal.platform.HostAddresses;
import dev.katran.internal.platform.LoadFailure;
import dev.katran.internal.platform.PinFolder;
import dev.katran.internal.platform.PlatformCheck;
import dev.katran.internal.platform.XdpInterface;
import dev.katran.internal.recording.ProgramSwapEvent;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The dataplane in the kernel: the program {@code balancer.bpf.c} and its maps. */
public final class KernelDataplane implements Dataplane, ForwardingProgram {

  private static final Logger log = LoggerFactory.getLogger(KernelDataplane.class);

  /** The pins that are not maps of a generation. */
  private static final Pattern ATTACHMENT =
      Pattern.compile("link_(native|generic)(_[0-9a-f]+)?|slot|slot_programs|called_from_[0-9]+");

  /** Changes if the interface's index or MAC address does. Written with {@code replacing} held. */
  private volatile DataplaneConfig config;

  private final KernelTables tables;
  private final KernelCounters counters;
  private final KernelFlowTable flows;
  private final KernelVips vips;
  private final KernelRings rings;
  private final KernelDeadlines deadlines;
  private final KernelBackends backends;

  /** Read-locked while the program is in use, write-locked while it is replaced. */
  private final ReentrantReadWriteLock programLock = new ReentrantReadWriteLock();

  private KernelProgram program;

  /** The programs that were replaced, or loaded ahead, since the last {@link #commit}. */
  private final List<KernelProgram> spare = new ArrayList<>();

  /** Held while the program is replaced, by a change or because the interface changed. */
  private final ReentrantLock replacing = new ReentrantLock();

  /** The hook that programs are loaded for, see {@link BpfProgram#expectedAttachType}. */
  private final int attachType;

  /** The interfaces to attach the program to, and how. */
  private ImmutableMap<XdpInterface, HookSpec> interfaces = ImmutableMap.of();

  /** The interfaces' indices and addresses as constants in the program. Guarded by replacing. */
  private OwnInterfaces own = OwnInterfaces.NONE;

  /** Those of the interfaces that the program is attached to, in their order. */
  private final List<XdpAttachment> attachments = new CopyOnWriteArrayList<>();

  /** Null if VIPs may contain them. */
  private @Nullable HostAddresses hostAddresses;

  /** What identifies the network namespace of the interface; empty without one. */
  private String namespace = "";

  /** Null if nothing is pinned. */
  private @Nullable KernelJournal journal;

  private volatile @Nullable PinnedMaps maps;
  private volatile boolean isForgotten;

  private KernelDataplane(DataplaneConfig config, KernelTables tables, int attachType) {
    this.config = config;
    this.attachType = attachType;
    this.tables = tables;
    this.counters = new KernelCounters(tables);
    this.flows =
        new KernelFlowTable(tables::flowTables, config.flowSecret(), KernelClock::nanoTime);
    this.vips = new KernelVips(tables);
    this.rings = new KernelRings(tables, config.limits().ringSize());
    this.deadlines = new KernelDeadlines(tables);
    this.backends = new KernelBackends(tables);
    this.program = KernelProgram.load(config, Features.NONE, tables, attachType);
  }

  /** Loads the program without attaching it. */
  public static KernelDataplane detached(DataplaneConfig config) {
    return detached(config, BpfConstants.BPF_XDP);
  }

  private static KernelDataplane detached(DataplaneConfig config, int attachType) {
    PlatformCheck.check();
    NativeAccess.check();
    return loaded(() -> load(config, MapPins.NONE, attachType));
  }

  private static KernelDataplane loaded(Supplier<KernelDataplane> load) {
    try {
      return load.get();
    } catch (NativeException e) {
      throw LoadFailure.explain("cannot load the program", e);
    }
  }

  /**
   * Loads the program with the maps that are pinned in a folder, without attaching it. In an empty
   * folder, creates and pins them. Closing the dataplane closes the folder.
   *
   * @param folder opened with {@link #isPin}
   */
  public static KernelDataplane pinned(DataplaneConfig config, PinFolder folder) {
    return pinned(config, folder, BpfConstants.BPF_XDP);
  }

  private static KernelDataplane pinned(DataplaneConfig config, PinFolder folder, int attachType) {
    PinnedMaps maps = null;
    try {
      NativeAccess.check();
      maps = PinnedMaps.open(folder, config, new MapGeometry(config));
      return pinned(maps, config, attachType);
    } catch (RuntimeException | Error e) {
      try (folder) {
        if (maps != null) {
          maps.close();
        }
      } catch (RuntimeException | Error failure) {
        e.addSuppressed(failure);
      }
      throw e;
    }
  }

  private static KernelDataplane pinned(PinnedMaps maps, DataplaneConfig config, int attachType) {
    maps.shareJournal();
    KernelDataplane dataplane =
        loaded(() -> load(maps.configured(config), maps.pins(), attachType));
    try {
      maps.converted();
      dataplane.journal = KernelJournal.open(maps.pins());
      if (maps.isNew()) {
        maps.commit();
      }
      dataplane.maps = maps;
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  /**
   * Puts pinned maps in force and the program to use. Called once everything that is pinned has
   * been read, and before anything is changed. If maps were converted, it is the last that is done,
   * and no packet is lost.
   *
   * @param attach attaches the program
   */
  public void install(Runnable attach) {
    PinnedMaps owned = maps;
    if (owned == null) {
      attach.run();
      return;
    }
    KernelCalls.run(owned::commit);
    attach.run();
    KernelCalls.run(() -> owned.complete(tables.gracePeriod()::await));
  }

  /** Removes what a balancer has pinned, and the folder. Its program is detached first. */
  public static void delete(PinFolder folder) {
    XdpAttachment.detach(attachmentPins(folder));
    folder.delete();
  }

  private static MapPins attachmentPins(@Nullable PinFolder folder) {
    return new MapPins(folder, "");
  }

  /** Returns whether nothing was pinned in the folder before. */
  public boolean isNew() {
    PinnedMaps owned = maps;
    return owned != null && owned.isNew();
  }

  /** Returns whether a file in a pin folder may be a dataplane's. */
  public static boolean isPin(String name) {
    return PinnedMaps.isPin(name) || ATTACHMENT.matcher(name).matches();
  }

  @Override
  public boolean isWanted() {
    PinnedMaps owned = maps;
    return owned != null && owned.folder().isWanted();
  }

  @Override
  public void forget() {
    isForgotten = true;
  }

  @Override
  public Optional<Journal> journal() {
    return Optional.ofNullable(journal);
  }

  /**
   * Loads the program for interfaces, to which {@link #attach} attaches it. All packets pass until
   * there are VIPs.
   *
   * @param folder where everything is pinned, opened with {@link #isPin}, or null
   * @param names in the calling thread's network namespace, and how it will be attached to each;
   *     only one by a hook that belongs to others
   * @param acceptForeignMacs whether frames to other MAC addresses than the interface's are
   *     balanced
   * @param coverHostAddresses whether VIPs of prefixes may contain addresses of this host
   */
  public static KernelDataplane forInterfaces(
      DataplaneConfig config,
      @Nullable PinFolder folder,
      ImmutableMap<String, HookSpec> names,
      boolean acceptForeignMacs,
      boolean coverHostAddresses) {
    ImmutableMap.Builder<XdpInterface, HookSpec> found = ImmutableMap.builder();
    int attachType;
    try {
      PlatformCheck.check();
      names.forEach((name, hook) -> {
        XdpInterface each = XdpInterface.find(name);
        each.checkVlanTags();
        found.put(each, hook);
      });
      attachType = attachType(names.values().asList().getFirst());
    } catch (RuntimeException | Error e) {
      if (folder != null) {
        folder.close();
      }
      throw e;
    }
    ImmutableMap<XdpInterface, HookSpec> interfaces = found.buildOrThrow();
    OwnInterfaces own =
        acceptForeignMacs ? OwnInterfaces.NONE : OwnInterfaces.of(interfaces.keySet());
    DataplaneConfig specific = own.in(config);
    KernelDataplane dataplane =
        folder == null ? detached(specific, attachType) : pinned(specific, folder, attachType);
    try {
      if (!coverHostAddresses) {
        dataplane.hostAddresses = HostAddresses.open();
      }
      dataplane.interfaces = interfaces;
      dataplane.own = own;
      dataplane.namespace = KernelSurroundings.namespace();
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private static int attachType(HookSpec hook) {
    return switch (hook) {
      case HookSpec.Interface _ -> BpfConstants.BPF_XDP;
      case HookSpec.CalledFrom array -> ArrayHook.attachType(array);
      case HookSpec.Dispatched _ -> 0; // that of programs that replace a function
    };
  }

  /**
   * Attaches the program to the interfaces.
   *
   * @throws dev.katran.internal.failure.Failure if it cannot be attached to one of them
   */
  public void attach() {
    MapPins pins = attachmentPins();
    interfaces.forEach((ingress, spec) -> {
      int number = attachments.size();
      attachments.add(
          XdpAttachment.open(
              ingress,
              hook(ingress, spec, pins),
              (index, mac) -> programFor(number, index, mac),
              pins,
              replacing));
    });
    LinkHook.detachOthers(pins, attachments);
  }

  private MapPins attachmentPins() {
    PinnedMaps owned = maps;
    return attachmentPins(owned == null ? null : owned.folder());
  }

  private Hook hook(XdpInterface ingress, HookSpec spec, MapPins pins) {
    return switch (spec) {
      case HookSpec.Interface(AttachMode mode) ->
          new LinkHook(mode, pins, interfaces.size() == 1 ? "" : ingress.name());
      case HookSpec.CalledFrom array -> new ArrayHook(array, attachType, pins);
      case HookSpec.Dispatched(int priority) -> new DispatcherHook(priority, pins);
    };
  }

  private static KernelDataplane load(DataplaneConfig config, MapPins pins, int attachType) {
    KernelTables tables = new KernelTables(config, new MapGeometry(config), pins);
    try {
      return new KernelDataplane(config, tables, attachType);
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
   * Returns the index of the interface, the first of several, or 0 if the program is not for one.
   * It changes if the interface is deleted and created again.
   */
  public int interfaceIndex() {
    if (!attachments.isEmpty()) {
      return attachments.getFirst().state().ifindex();
    }
    return interfaces.isEmpty() ? 0 : interfaces.keySet().asList().getFirst().ifindex();
  }

  @Override
  public Set<InetAddress> hostAddresses() {
    return hostAddresses == null ? Set.of() : KernelCalls.get(hostAddresses::list);
  }

  @Override
  public Optional<Surroundings> surroundings() {
    return !namespace.isEmpty() && namespace.equals(KernelSurroundings.namespace())
        ? Optional.of(new KernelSurroundings())
        : Optional.empty();
  }

  @Override
  public List<InterfaceState> attachments() {
    return attachments.stream().map(XdpAttachment::state).toList();
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
          KernelCalls.get(
              () -> KernelProgram.load(now, features, tables.geometry(), maps, attachType));
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
      unused = KernelProgram.load(next, features, tables, attachType);
    }
    ProgramSwapEvent recorded = new ProgramSwapEvent();
    programLock.writeLock().lock();
    try {
      updateAll(unused.program(), program.program());
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
    recorded.swapped(features);
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

  /** Has all interfaces use a program, or none of them if one refuses it. */
  private void updateAll(BpfProgram next, BpfProgram before) {
    List<XdpAttachment> updated = new ArrayList<>();
    try {
      for (XdpAttachment each : attachments) {
        each.update(next);
        updated.add(each);
      }
    } catch (RuntimeException | Error e) {
      for (XdpAttachment each : updated) {
        try {
          each.update(before);
        } catch (RuntimeException left) {
          e.addSuppressed(left);
        }
      }
      throw e;
    }
  }

  /** Returns the program for an interface, whose index and MAC address are constants in it. */
  private BpfProgram programFor(
      int number, int index, dev.katran.ffm.net.@Nullable MacAddress mac) {
    OwnInterfaces now = own.with(number, index, mac);
    if (!now.equals(own)) {
      replaceProgram(now.in(config), program.features());
      closeOutdated();
      if (now.index(number) == own.index(number)) {
        log.info("the interface's MAC address is now {}", mac);
      }
      own = now;
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
    // Rings must be installed before their VIPs, but not before it is sure that those can be: a
    // connection that begins with a ring that is taken back goes to another backend.
    rings.batch(install -> vips.batch(changes, install));
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
  public DeadlineTable deadlines() {
    return deadlines;
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
  public IndexTable<ReverseKey> reverse() {
    return tables.reverse();
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
    attachments.forEach(isForgotten ? XdpAttachment::detach : XdpAttachment::close);
    if (hostAddresses != null) {
      hostAddresses.close();
    }
    closeSpare();
    program.close();
    rings.close();
    tables.close();
    if (journal != null) {
      journal.close();
    }
    letGo();
  }

  /** Lets go of the folder, once. */
  private synchronized void letGo() {
    PinnedMaps owned = maps;
    maps = null;
    if (owned != null) {
      try (PinFolder folder = owned.folder()) {
        owned.close();
        if (isForgotten) {
          delete(folder);
        }
      }
    }
  }
}
