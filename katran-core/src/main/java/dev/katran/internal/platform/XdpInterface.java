package dev.katran.internal.platform;

import dev.katran.AttachMode;
import dev.katran.ffm.AttachedProgram;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.XdpBusyException;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.failure.Failure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network interface to which XDP programs can be attached. It was up when it was found.
 *
 * @param name the name in the network namespace of the thread that found it
 * @param ifindex the index in that namespace
 * @param mac its MAC address, or null if it has none
 * @param driver the name of the driver; empty if it is unknown
 */
public record XdpInterface(String name, int ifindex, @Nullable MacAddress mac, String driver) {

  private static final Logger log = LoggerFactory.getLogger(XdpInterface.class);

  /**
   * Finds an interface in the calling thread's network namespace.
   *
   * @throws Failure if there is no such interface, or if it is down
   */
  public static XdpInterface find(String name) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      Link link =
          netlink.links().stream()
              .filter(candidate -> candidate.name().equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new Failure(
                      Failure.Kind.UNKNOWN_INTERFACE,
                      "there is no network interface \"%s\" in this network namespace"
                          .formatted(name)));
      if (!link.up()) {
        throw new Failure(
            Failure.Kind.INTERFACE_DOWN,
            "the network interface %s is down; bring it up with \"ip link set %s up\""
                .formatted(name, name));
      }
      return new XdpInterface(name, link.index(), link.mac(), driverOf(name));
    }
  }

  private static String driverOf(String name) {
    try {
      return Ethtool.driver(name);
    } catch (NativeException e) {
      log.debug("the driver of {} is unknown", name, e);
      return "";
    }
  }

  /**
   * Attaches a program until the link is closed or the process ends. Never replaces another
   * program.
   *
   * @throws Failure if another program is attached or the kernel refuses for another reason
   */
  public XdpLink attach(BpfProgram program, AttachMode mode) {
    try {
      return switch (mode) {
        case NATIVE -> XdpLink.attach(program, ifindex, XdpLink.Mode.NATIVE);
        case GENERIC -> XdpLink.attach(program, ifindex, XdpLink.Mode.GENERIC);
        case AUTOMATIC -> attachNativeOrGeneric(program);
      };
    } catch (XdpBusyException e) {
      throw new Failure(
          Failure.Kind.XDP_HOOK_BUSY,
          "%s already has another XDP program (%s), which is not replaced; detach it first"
              .formatted(
                  name, e.attached().map(AttachedProgram::toString).orElse("detached meanwhile")),
          e);
    } catch (NativeException e) {
      throw new Failure(
          Failure.Kind.REFUSED,
          "cannot attach to %s (driver %s) in mode %s: %s%s"
              .formatted(name, driver, mode, e.getMessage(), advice(mode, e.errno())),
          e);
    }
  }

  /** Returns what to change; empty if the errno does not imply it. */
  static String advice(AttachMode mode, int errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP ->
          mode == AttachMode.NATIVE
              ? "; this driver has no native XDP: use AttachMode.GENERIC, or AUTOMATIC"
              : "";
      case Errno.EPERM ->
          "; this needs CAP_NET_ADMIN and CAP_BPF in the interface's user namespace";
      case Errno.EINVAL ->
          "; the driver may need a smaller MTU, fewer queues, or no merged packets (ethtool -K <name>"
              + " gro off lro off); see the kernel log";
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
          "driver {} of {} rejects the program in native mode ({}); it runs in generic mode, which is"
              + " several times slower and drops packets that the driver has merged (ethtool -K {}"
              + " gro off lro off)",
          driver,
          name,
          e.errnoName(),
          name);
      return link;
    }
  }
}
