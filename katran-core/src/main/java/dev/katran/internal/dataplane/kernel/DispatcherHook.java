package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.LockableDirectory;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpHook;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.XdpInterface;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slot in the dispatcher of libxdp's protocol, beside the programs that xdp-loader and others
 * have loaded. The slot holds a {@link ProgramSlot}, so the dispatcher is replaced only when the
 * balancer comes and goes.
 */
final class DispatcherHook implements Hook {

  private static final Logger log = LoggerFactory.getLogger(DispatcherHook.class);

  /** Packets that we pass go on to the next program, like those of an empty slot. */
  private static final int CHAIN_CALL_ACTIONS = 1 << 2 | 1 << 31;

  /** As libxdp has it. */
  private static final String ROOT =
      Optional.ofNullable(System.getenv("LIBXDP_BPFFS")).orElse("/sys/fs/bpf");

  private static final Path FOLDER = Path.of(ROOT, "xdp");
  private static final int ATTEMPTS = 10;
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(5);

  private final int priority;
  private final MapPins pins;

  private @Nullable ProgramSlot slot;
  private @Nullable XdpInterface ingress;

  /** The dispatcher that is known to call the slot. */
  private int dispatcher;

  private AttachMode mode = AttachMode.AUTOMATIC;

  /**
   * Creates a hook without a program.
   *
   * @param priority programs with lower ones are called first
   * @param pins where the slot is pinned
   */
  DispatcherHook(int priority, MapPins pins) {
    this.priority = priority;
    this.pins = pins;
  }

  @Override
  public boolean adopt(XdpInterface to, BpfProgram program) {
    ProgramSlot pinned = ProgramSlot.pinned(pins).orElse(null);
    if (pinned == null) {
      return false;
    }
    int found;
    try {
      found = find(to, pinned.id());
      if (found != 0) {
        pinned.call(program);
      }
    } catch (RuntimeException | Error e) {
      pinned.close();
      throw e;
    }
    if (found == 0) {
      pinned.close();
      log.warn(
          "no dispatcher on {} calls the program of the last process; adds it again", to.name());
      SlotPins.detach(pins);
      return false;
    }
    slot = pinned;
    ingress = to;
    dispatcher = found;
    mode = to.attachedMode().orElse(AttachMode.AUTOMATIC);
    return true;
  }

  /** Returns the id of the dispatcher if it calls a program, otherwise 0. */
  private static int find(XdpInterface to, int program) {
    return locked(
        to,
        dispatcher ->
            dispatcher.components().stream().anyMatch(each -> each.id() == program)
                ? dispatcher.id()
                : 0);
  }

  @Override
  public void attach(XdpInterface to, BpfProgram program) {
    ProgramSlot before = slot;
    dispatcher =
        replaced(
            to,
            components -> with(components, before),
            (fd, index) -> {
              ProgramSlot fresh =
                  ProgramSlot.load(
                      pins, each -> each.replacementOf(fd, Dispatcher.function(index)));
              closeSlot();
              slot = fresh;
              fresh.call(program);
              return fresh.fd();
            });
    slot().call(program);
    ingress = to;
    mode = to.attachedMode().orElse(AttachMode.AUTOMATIC);
  }

  /** Adds the slot by its priority, and leaves out those of balancers that were killed. */
  private List<Dispatcher.Component> with(
      List<Dispatcher.Component> components, @Nullable ProgramSlot own) {
    List<Dispatcher.Component> next = new ArrayList<>(components);
    next.removeIf(
        each -> (own != null && each.id() == own.id()) || ProgramSlot.isAbandoned(each.id()));
    int place = 0;
    while (place < next.size() && isBefore(next.get(place))) {
      place++;
    }
    DispatcherConfig.Slot rules = new DispatcherConfig.Slot(CHAIN_CALL_ACTIONS, priority, 0);
    next.add(
        place,
        own == null
            ? new Dispatcher.Component(0, 0, ProgramSlot.NAME, rules)
            : new Dispatcher.Component(own.fd(), own.id(), ProgramSlot.NAME, rules));
    return next;
  }

  /** Programs of one priority are ordered by name, and those that were there come first. */
  private boolean isBefore(Dispatcher.Component other) {
    int order = Integer.compareUnsigned(other.slot().priority(), priority);
    return order < 0 || (order == 0 && other.name().compareTo(ProgramSlot.NAME) <= 0);
  }

  private static int replaced(
      XdpInterface to,
      Function<List<Dispatcher.Component>, List<Dispatcher.Component>> change,
      Dispatcher.Loader load) {
    try {
      for (int attempt = 1; ; attempt++) {
        try {
          return locked(to, dispatcher -> dispatcher.replace(change::apply, load));
        } catch (BpfException e) {
          boolean isLate = e.errno() == Errno.EEXIST || e.errno() == Errno.EBUSY;
          if (!isLate || attempt == ATTEMPTS) {
            throw e;
          }
        }
      }
    } catch (NativeException e) {
      throw new Failure(
          e.errno() == Errno.EPERM ? Failure.Kind.MISSING_CAPABILITY : Failure.Kind.REFUSED,
          "cannot add the program to the dispatcher on %s: %s%s"
              .formatted(to.name(), e.getMessage(), advice(e)),
          e);
    }
  }

  private static String advice(NativeException e) {
    return switch (e.errno()) {
      case Errno.EPERM ->
          "; this needs CAP_SYS_ADMIN, CAP_PERFMON and CAP_NET_ADMIN, and a kernel that permits programs of type BPF_PROG_TYPE_EXT";
      case Errno.EINVAL, Errno.ENOTSUPP, Errno.EOPNOTSUPP ->
          "; the kernel may be too old to have a program of type BPF_PROG_TYPE_EXT call others by a tail call";
      case Errno.ENOENT ->
          "; the pins of the programs in the dispatcher were expected in " + FOLDER;
      default -> "";
    };
  }

  /** Does something with the dispatcher of an interface, with the protocol's lock held. */
  private static <T> T locked(XdpInterface to, Function<Dispatcher, T> action) {
    try {
      if (!Files.exists(FOLDER)) {
        Files.createDirectory(
            FOLDER,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + FOLDER, e);
    }
    try (LockableDirectory lock = LockableDirectory.open(FOLDER)) {
      long start = System.nanoTime();
      while (!lock.tryLock()) {
        if (System.nanoTime() - start > LOCK_TIMEOUT.toNanos()) {
          throw new Failure(
              Failure.Kind.REFUSED, FOLDER + " has been locked for ten seconds by another process");
        }
        LockSupport.parkNanos(POLL.toNanos());
      }
      try (Dispatcher dispatcher = Dispatcher.open(to, FOLDER)) {
        return action.apply(dispatcher);
      }
    }
  }

  @Override
  public void update(BpfProgram program) {
    slot().call(program);
  }

  private ProgramSlot slot() {
    if (slot == null) {
      throw new IllegalStateException("never attached");
    }
    return slot;
  }

  @Override
  public Optional<String> loss() {
    XdpInterface on = ingress;
    if (on == null) {
      throw new IllegalStateException("never attached");
    }
    int now = XdpHook.programId(on.ifindex());
    if (now == dispatcher && now != 0) {
      return Optional.empty();
    }
    try {
      // libxdp replaces the dispatcher when another program comes or goes
      dispatcher = now == 0 ? 0 : find(on, slot().id());
    } catch (Failure e) {
      return Optional.of(e.getMessage());
    }
    return dispatcher == 0
        ? Optional.of("the program was unloaded from the dispatcher")
        : Optional.empty();
  }

  /** The slot can be added again. */
  @Override
  public void release() {
    dispatcher = 0;
  }

  @Override
  public AttachMode mode() {
    return mode;
  }

  @Override
  public String calledFrom() {
    return "libxdp's dispatcher with priority %d".formatted(priority);
  }

  @Override
  public int programId() {
    return slot().programId();
  }

  @Override
  public void detach() {
    takeOut();
    SlotPins.unpin(pins);
  }

  private void takeOut() {
    XdpInterface on = ingress;
    if (on != null && slot != null) {
      takeOut(on, slot.id());
    }
  }

  private static void takeOut(XdpInterface on, int program) {
    if (find(on, program) != 0) {
      replaced(
          on,
          components -> components.stream().filter(each -> each.id() != program).toList(),
          (_, _) -> {
            throw new AssertionError("nothing to load");
          });
    }
  }

  /** Takes a program out of the dispatchers of this network namespace. */
  static void takeOut(int program) {
    if (!Files.exists(FOLDER)) {
      return;
    }
    try (Rtnetlink netlink = Rtnetlink.open()) {
      for (Link link : netlink.links()) {
        if (link.xdpProgramId() != 0 && link.hasEthernetHeader()) {
          takeOutOf(link, program);
        }
      }
    }
  }

  private static void takeOutOf(Link link, int program) {
    try {
      takeOut(XdpInterface.of(link), program);
    } catch (Failure | NetworkException e) {
      log.debug("{} has no dispatcher", link.name(), e);
    }
  }

  private void closeSlot() {
    if (slot != null) {
      slot.close();
    }
  }

  @Override
  public void close() {
    try {
      if (!pins.exist()) {
        takeOut();
      }
    } catch (RuntimeException e) {
      log.warn(
          "cannot unload the program from the dispatcher, where it only passes packets now", e);
    } finally {
      closeSlot();
    }
  }
}
