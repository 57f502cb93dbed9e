package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.ExecutionError;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
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
  private final Hook hook;
  private final Owner owner;

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
  private @Nullable String refusal;
  private boolean closed;

  private volatile InterfaceState state;

  private XdpAttachment(
      XdpInterface ingress, Hook hook, Owner owner, MapPins pins, ReentrantLock lock) {
    this.name = ingress.name();
    this.hook = hook;
    this.owner = owner;
    this.lock = lock;
    this.ingress = ingress;
    try {
      BpfProgram program = owner.programFor(ingress.ifindex(), ingress.mac());
      if (!hook.adopt(ingress, program)) {
        hook.attach(ingress, program);
      }
      if (hook instanceof LinkHook) {
        SlotPins.detach(pins);
      }
      this.state = newState(true);
      this.netlink = Rtnetlink.open();
    } catch (RuntimeException | Error e) {
      hook.close();
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
      hook.close();
      throw e;
    }
  }

  /**
   * Puts a program into its hook, or replaces the one that is pinned there. It is taken out of
   * other hooks.
   *
   * @param hook not used yet
   * @param pins where the hook is pinned
   * @param lock held by the owner while it replaces the program
   * @throws dev.katran.internal.failure.Failure if it cannot be attached
   */
  static XdpAttachment open(
      XdpInterface ingress, Hook hook, Owner owner, MapPins pins, ReentrantLock lock) {
    lock.lock();
    try {
      return new XdpAttachment(ingress, hook, owner, pins, lock);
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a link is pinned by a name. */
  boolean usesPin(String name) {
    return hook instanceof LinkHook link && link.usesPin(name);
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
      hook.update(next);
      state = newState(true, state.since());
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
    Optional<String> loss = link.isPresent() ? hook.loss() : Optional.empty();
    if (link.isPresent() && loss.isEmpty()) {
      return link;
    }
    if (loss.isEmpty()) {
      log.warn(
          "lost {} (index {}): the interface was deleted or moved away; no packet reaches the program"
              + " until there is an interface {} again",
          name,
          ingress.ifindex(),
          name);
    } else {
      log.warn(
          "lost {} (index {}): {}; no packet reaches it until it is attached again",
          name,
          ingress.ifindex(),
          loss.get());
    }
    hook.release();
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
    hook.attach(now, owner.programFor(now.ifindex(), now.mac()));
    ingress = now;
    state = newState(true);
    log.info(
        "attached to {} (index {}) again, in {} mode",
        name,
        now.ifindex(),
        hook.mode().name().toLowerCase(Locale.ROOT));
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
    return newState(isAttached, Instant.now());
  }

  private InterfaceState newState(boolean isAttached, Instant since) {
    return new InterfaceState(
        name,
        ingress.ifindex(),
        hook.mode(),
        hook.calledFrom(),
        isAttached,
        isAttached ? hook.programId() : 0,
        since);
  }

  /** Detaches the program, even if it is pinned. */
  void detach() {
    inItsNamespace(() -> {
      if (!closed && state.attached()) {
        hook.detach();
        state = newState(false);
      }
    });
    close();
  }

  /** Runs a task in the keeper's thread, whose network namespace is the interface's. */
  private void inItsNamespace(Runnable task) {
    Runnable locked =
        () -> {
          lock.lock();
          try {
            task.run();
          } finally {
            lock.unlock();
          }
        };
    try {
      Futures.getUnchecked(keeper.submit(locked));
    } catch (RejectedExecutionException e) {
      log.debug("{} is closed already", name, e);
    } catch (UncheckedExecutionException | ExecutionError e) {
      Throwables.throwIfUnchecked(e.getCause());
      throw e;
    }
  }

  /** Detaches the program that is pinned, if there is one. */
  static void detach(MapPins pins) {
    LinkHook.detach(pins);
    SlotPins.detach(pins);
  }

  /**
   * Detaches the program unless it is pinned. Waits for an attachment in progress, but for no
   * longer.
   */
  @Override
  public void close() {
    monitor.close();
    try {
      inItsNamespace(() -> {
        closed = true;
        hook.close();
      });
    } finally {
      keeper.shutdownNow();
      netlink.close();
    }
  }
}
