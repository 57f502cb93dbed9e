package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkEvent;
import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.ffm.net.RtnetlinkMonitor;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.platform.XdpInterface;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a program attached to the interface of a name: also when the interface is deleted and
 * created again, which gives it another index, and when the program is detached from outside.
 *
 * <p>The kernel reports changes of interfaces, but not that a link was detached, so a thread also
 * looks once per second. It inherits the network namespace of the thread that opened the
 * attachment, because programs are attached to an index in the calling thread's namespace.
 */
final class XdpAttachment implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(XdpAttachment.class);

  private static final Duration PERIOD = Duration.ofSeconds(1);

  /** The owner of the program. */
  @FunctionalInterface
  interface Owner {

    /**
     * Returns the program for an interface. If its index or MAC address are constants in the
     * program, loads another one, and passes it to {@link #update}. Called with the lock held.
     */
    BpfProgram programFor(int ifindex, @Nullable MacAddress mac);
  }

  private final String name;
  private final AttachMode wanted;
  private final Owner owner;
  private final MapPins pins;

  /** Held while the program is replaced, attached or detached. */
  private final ReentrantLock lock;

  private final Rtnetlink netlink;
  private final RtnetlinkMonitor monitor;
  private final ScheduledExecutorService keeper;
  private final AtomicBoolean looksSoon = new AtomicBoolean();

  /** The VLAN interface above that changed last, since the last look. */
  private final AtomicReference<String> vlanAbove = new AtomicReference<>("");

  private String warnedOf = "";

  // Guarded by the lock.
  private XdpInterface ingress;
  private XdpInterface.Attached attached;
  private @Nullable String refusal;
  private boolean closed;

  private volatile InterfaceState state;

  private XdpAttachment(
      XdpInterface ingress, AttachMode wanted, Owner owner, MapPins pins, ReentrantLock lock) {
    this.name = ingress.name();
    this.wanted = wanted;
    this.owner = owner;
    this.pins = pins;
    this.lock = lock;
    this.ingress = ingress;
    BpfProgram program = owner.programFor(ingress.ifindex(), ingress.mac());
    this.attached = adopt(ingress, program).orElseGet(() -> attach(ingress, program));
    try {
      this.state = newState(true);
      this.netlink = Rtnetlink.open();
    } catch (RuntimeException | Error e) {
      attached.link().close();
      throw e;
    }
    this.keeper =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("katran interface " + name).factory());
    try {
      this.monitor =
          RtnetlinkMonitor.open(
              "katran interface events " + name,
              Set.of(RtnetlinkMonitor.Topic.LINKS),
              this::notice);
      long period = PERIOD.toMillis();
      var _ = keeper.scheduleWithFixedDelay(this::look, 0, period, TimeUnit.MILLISECONDS);
    } catch (RuntimeException | Error e) {
      keeper.shutdownNow();
      netlink.close();
      attached.link().close();
      throw e;
    }
  }

  /**
   * Attaches a program, or replaces the one of a link that is pinned.
   *
   * @param pins where the link is pinned
   * @param lock held by the owner while it replaces the program
   * @throws dev.katran.internal.failure.Failure if it cannot be attached
   */
  static XdpAttachment open(
      XdpInterface ingress, AttachMode mode, Owner owner, MapPins pins, ReentrantLock lock) {
    lock.lock();
    try {
      return new XdpAttachment(ingress, mode, owner, pins, lock);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Continues with a pinned link, so that no packet is lost. Removes links to what is no longer the
   * interface, or in another mode than the wanted one.
   */
  private Optional<XdpInterface.Attached> adopt(XdpInterface to, BpfProgram program) {
    for (AttachMode mode : List.of(AttachMode.NATIVE, AttachMode.GENERIC)) {
      XdpLink link = pins.link(pin(mode)).orElse(null);
      if (link == null) {
        continue;
      }
      try {
        if (isLinkOf(to, link) && (wanted == mode || wanted == AttachMode.AUTOMATIC)) {
          link.update(program);
          return Optional.of(new XdpInterface.Attached(link, mode));
        }
      } catch (RuntimeException | Error e) {
        link.close();
        throw e;
      }
      log.warn(
          "the {} link of the last process is no longer that of {}, or is not wanted; attaches again",
          mode.name().toLowerCase(Locale.ROOT),
          to.name());
      link.close();
      pins.unpin(pin(mode));
    }
    return Optional.empty();
  }

  /**
   * Returns whether a link is attached to an interface. Its index does not tell, because it may be
   * one in another network namespace.
   */
  private static boolean isLinkOf(XdpInterface to, XdpLink link) {
    return link.isAttached()
        && link.ifindex() == to.ifindex()
        && XdpLink.attachedProgram(to.ifindex())
            .filter(program -> program.id() == link.programId())
            .isPresent();
  }

  private XdpInterface.Attached attach(XdpInterface to, BpfProgram program) {
    XdpInterface.Attached next = to.attach(program, wanted);
    try {
      pins.replace(pin(next.mode()), next.link());
      return next;
    } catch (RuntimeException | Error e) {
      next.link().close();
      throw e;
    }
  }

  private static String pin(AttachMode mode) {
    return "link_" + mode.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the state as it was last seen. */
  InterfaceState state() {
    return state;
  }

  /**
   * Replaces the attached program. If it was lost, the new one is attached later. The caller holds
   * the lock.
   */
  void update(BpfProgram next) {
    if (!state.attached()) {
      return;
    }
    try {
      attached.link().update(next);
      state =
          new InterfaceState(
              name,
              state.ifindex(),
              state.mode(),
              true,
              attached.link().programId(),
              state.since());
    } catch (BpfException e) {
      if (e.errno() != Errno.ENOLINK) {
        throw e;
      }
      lookSoon(); // it was lost a moment ago
    }
  }

  /** Called by the monitor for every change of an interface. */
  private void notice(NetworkEvent event) {
    switch (event) {
      case NetworkEvent.LinkChanged(Link link) -> {
        if (link.lower() == state.ifindex() && link.vlanId() >= 0) {
          vlanAbove.set(link.name());
          lookSoon();
        } else if (concerns(link)) {
          lookSoon();
        }
      }
      case NetworkEvent.LinkDeleted(Link link) when concerns(link) -> lookSoon();
      case NetworkEvent.EventsLost lost -> lookSoon();
      default -> {}
    }
  }

  private boolean concerns(Link link) {
    return link.index() == state.ifindex() || link.name().equals(name);
  }

  private void lookSoon() {
    if (looksSoon.compareAndSet(false, true)) {
      try {
        keeper.execute(this::look);
      } catch (RejectedExecutionException e) {
        log.debug("{} is being closed", name, e);
      }
    }
  }

  private void look() {
    looksSoon.set(false);
    lock.lock();
    try {
      if (!closed) {
        keep();
      }
    } catch (RuntimeException | Error e) {
      refused(e);
    } finally {
      lock.unlock();
    }
  }

  private void keep() {
    Optional<Link> link = state.attached() ? stillAttached() : Optional.empty();
    if (link.isPresent()) {
      follow(link.get());
    } else {
      present(() -> netlink.link(name)).ifPresent(this::attachAgain);
    }
    if (state.attached()) {
      refusal = null;
    }
  }

  /** Returns the interface of the attached program; empty if the program was lost just now. */
  private Optional<Link> stillAttached() {
    Optional<Link> link = present(() -> netlink.link(ingress.ifindex()));
    if (link.isPresent() && attached.link().isAttached()) {
      return link;
    }
    if (link.isEmpty()) {
      log.warn(
          "lost {} (index {}): the interface was deleted or moved away; no packet reaches the program"
              + " until there is an interface {} again",
          name,
          ingress.ifindex(),
          name);
    } else {
      log.warn(
          "lost {} (index {}): the program was detached from outside; no packet reaches it until it is"
              + " attached again",
          name,
          ingress.ifindex());
    }
    attached.link().close();
    pins.unpin(pin(attached.mode()));
    state = newState(false);
    return Optional.empty();
  }

  private static Optional<Link> present(Supplier<Link> question) {
    try {
      return Optional.of(question.get());
    } catch (NetworkException e) {
      if (e.errno() == Errno.ENODEV) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Follows the interface's MAC address, and warns of VLAN interfaces whose tags are hidden. */
  private void follow(Link link) {
    owner.programFor(link.index(), link.mac());
    String above = vlanAbove.getAndSet("");
    if (!above.isEmpty() && !above.equals(warnedOf) && ingress.hidesVlanTags()) {
      warnedOf = above;
      log.warn(
          "{}: {}; until then, packets of those may be balanced", name, ingress.hiddenTags(above));
    }
  }

  private void attachAgain(Link link) {
    XdpInterface now = XdpInterface.of(link);
    attached = attach(now, owner.programFor(now.ifindex(), now.mac()));
    ingress = now;
    state = newState(true);
    log.info(
        "attached to {} (index {}) again, in {} mode",
        name,
        now.ifindex(),
        attached.mode().name().toLowerCase(Locale.ROOT));
  }

  private void refused(Throwable e) {
    if (e.toString().equals(refusal)) {
      return; // tried once per second
    }
    refusal = e.toString();
    log.warn("cannot keep the program on {}; tries again every second: {}", name, e.getMessage());
    log.debug("cannot keep the program on {}", name, e);
  }

  private InterfaceState newState(boolean isAttached) {
    return new InterfaceState(
        name,
        ingress.ifindex(),
        attached.mode(),
        isAttached,
        isAttached ? attached.link().programId() : 0,
        Instant.now());
  }

  /** Detaches the program, even if its link is pinned. */
  void detach() {
    lock.lock();
    try {
      if (!closed && state.attached()) {
        detach(attached.link(), pins);
        state = newState(false);
      }
    } finally {
      lock.unlock();
    }
    close();
  }

  /**
   * Detaches the program of the pinned link, if there is one. The kernel would do so some time
   * after the pin is removed.
   */
  static void detach(MapPins pins) {
    for (AttachMode mode : List.of(AttachMode.NATIVE, AttachMode.GENERIC)) {
      pins.link(pin(mode)).ifPresent(link -> detach(link, pins));
    }
  }

  private static void detach(XdpLink link, MapPins pins) {
    try (link) {
      if (link.isAttached()) {
        link.detach();
      }
    }
    for (AttachMode mode : List.of(AttachMode.NATIVE, AttachMode.GENERIC)) {
      pins.unpin(pin(mode));
    }
  }

  /**
   * Detaches the program unless its link is pinned. Waits for an attachment in progress, but for no
   * longer.
   */
  @Override
  public void close() {
    monitor.close();
    lock.lock();
    try {
      closed = true;
      attached.link().close();
    } finally {
      lock.unlock();
    }
    keeper.shutdownNow();
    netlink.close();
  }
}
