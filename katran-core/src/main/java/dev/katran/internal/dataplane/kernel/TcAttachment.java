package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.TcHook;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.Refusal;
import dev.katran.internal.platform.XdpInterface;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a classifier attached to the egress of the interface of a name: also when the interface is
 * deleted and created again, and when the program is detached from outside.
 */
final class TcAttachment implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(TcAttachment.class);

  private final String name;
  private final BpfProgram program;
  private final Rtnetlink netlink;
  private TcHook hook;
  private boolean lost;

  private TcAttachment(String name, BpfProgram program, Rtnetlink netlink, TcHook hook) {
    this.name = name;
    this.program = program;
    this.netlink = netlink;
    this.hook = hook;
  }

  /**
   * Attaches a program.
   *
   * @throws Failure if there is no such interface, or if the kernel refuses
   */
  static TcAttachment open(String name, BpfProgram program) {
    XdpInterface egress = XdpInterface.find(name);
    Rtnetlink netlink = Rtnetlink.open();
    try {
      return new TcAttachment(name, program, netlink, attach(name, program, egress.ifindex()));
    } catch (RuntimeException | Error e) {
      netlink.close();
      throw e;
    }
  }

  private static TcHook attach(String name, BpfProgram program, int ifindex) {
    try {
      TcHook hook = TcHook.attachEgress(program, ifindex);
      if (hook.mechanism() == TcHook.Mechanism.FILTER) {
        log.info(
            "attached to {} as a filter, since this kernel has no tcx (Linux 6.6): if the process is"
                + " killed, it stays until the next one opens a restorer there (tc filter show dev {}"
                + " egress)",
            name,
            name);
      }
      return hook;
    } catch (NativeException e) {
      throw Refusal.of("cannot attach to the egress of %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  synchronized boolean isAttached() {
    return hook.isAttached();
  }

  /**
   * Attaches the program again if it was lost. The caller is in the network namespace of the
   * interface.
   */
  synchronized void keep() {
    if (hook.isAttached()) {
      return;
    }
    if (!lost) {
      lost = true;
      log.warn(
          "lost the egress of {} (index {}): the interface was deleted, or the program was detached or"
              + " replaced; answers leave with the servers' addresses until it is attached again",
          name,
          hook.ifindex());
    }
    Optional<Link> link = XdpInterface.linkOf(netlink, name);
    if (link.isPresent()) {
      hook.close();
      hook = attach(name, program, XdpInterface.of(link.get()).ifindex());
      lost = false;
      log.info("attached to the egress of {} (index {}) again", name, hook.ifindex());
    }
  }

  @Override
  public synchronized void close() {
    hook.close();
    netlink.close();
  }
}
