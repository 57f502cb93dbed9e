package dev.katran.dataplane;

import dev.katran.AttachMode;
import dev.katran.InterfaceDownException;
import dev.katran.LoadBalancerException;
import dev.katran.UnknownInterfaceException;
import dev.katran.XdpHookBusyException;
import dev.katran.ffm.AttachedProgram;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpBusyException;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Rtnetlink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network interface that is there and up, to which XDP programs can be attached.
 *
 * @param name its name in the network namespace of the thread that found it
 * @param ifindex its index there
 * @param driver the name of its driver; empty if it does not say
 */
record XdpInterface(String name, int ifindex, String driver) {

  private static final Logger log = LoggerFactory.getLogger(XdpInterface.class);

  /** Finds an interface in the calling thread's network namespace. */
  static XdpInterface find(String name) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      Link link =
          netlink.links().stream()
              .filter(candidate -> candidate.name().equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new UnknownInterfaceException(
                      "there is no network interface \"%s\" in this network namespace"
                          .formatted(name)));
      if (!link.up()) {
        throw new InterfaceDownException(
            "the network interface %s is down; \"ip link set %s up\" brings it up"
                .formatted(name, name));
      }
      return new XdpInterface(name, link.index(), driverOf(name));
    }
  }

  private static String driverOf(String name) {
    try {
      return Ethtool.driver(name);
    } catch (NativeException e) {
      log.debug("the driver of {} does not say its name", name, e);
      return "";
    }
  }

  /**
   * Attaches a program, which stays until the link is closed or the process ends.
   *
   * @throws XdpHookBusyException if another program is attached, which stays there
   * @throws LoadBalancerException if the kernel refuses for another reason
   */
  XdpLink attach(BpfProgram program, AttachMode mode) {
    try {
      return switch (mode) {
        case NATIVE -> XdpLink.attach(program, ifindex, XdpLink.Mode.NATIVE);
        case GENERIC -> XdpLink.attach(program, ifindex, XdpLink.Mode.GENERIC);
        case AUTOMATIC -> attachNativeOrGeneric(program);
      };
    } catch (XdpBusyException e) {
      throw new XdpHookBusyException(
          "%s has another XDP program already (%s), which is not replaced; detach it first"
              .formatted(name, e.attached().map(AttachedProgram::toString).orElse("gone by now")),
          e);
    } catch (NativeException e) {
      throw new LoadBalancerException(
          "cannot attach to %s (driver %s) in mode %s: %s%s"
              .formatted(name, driver, mode, e.getMessage(), advice(mode, e.errno())),
          e);
    }
  }

  /** What to change; nothing where only the kernel knows. */
  static String advice(AttachMode mode, int errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP ->
          mode == AttachMode.NATIVE
              ? "; this driver has no native XDP: use AttachMode.GENERIC, or AUTOMATIC"
              : "";
      case Errno.EPERM ->
          "; this needs CAP_NET_ADMIN and CAP_BPF in the interface's user namespace";
      case Errno.EINVAL ->
          "; the driver may want a smaller MTU, fewer queues, or no merged packets (ethtool -K <name>"
              + " gro off lro off): the kernel's log says which";
      default -> "";
    };
  }

  private XdpLink attachNativeOrGeneric(BpfProgram program) {
    try {
      return XdpLink.attach(program, ifindex, XdpLink.Mode.NATIVE);
    } catch (XdpBusyException e) {
      throw e;
    } catch (NativeException e) {
      XdpLink link = XdpLink.attach(program, ifindex, XdpLink.Mode.GENERIC);
      log.warn(
          "the driver {} of {} does not take the program ({}): it runs in generic mode, which is"
              + " several times slower and drops what the driver has merged (ethtool -K {} gro off"
              + " lro off)",
          driver,
          name,
          e.errnoName(),
          name);
      return link;
    }
  }
}
