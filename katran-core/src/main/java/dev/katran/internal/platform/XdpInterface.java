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
import dev.katran.ffm.net.XdpRefusal;
import dev.katran.internal.failure.Failure;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network interface to which XDP programs can be attached: its frames have an Ethernet header.
 *
 * @param name the name in the network namespace of the thread that found it
 * @param ifindex the index in that namespace
 * @param mac its MAC address, or null if it has none
 * @param mtu its MTU, in bytes
 * @param driver the name of the driver; empty if it is unknown
 */
public record XdpInterface(
    String name, int ifindex, @Nullable MacAddress mac, int mtu, String driver) {

  private static final Logger log = LoggerFactory.getLogger(XdpInterface.class);

  /**
   * A program that is attached to an interface.
   *
   * @param link keeps it attached
   * @param mode {@link AttachMode#NATIVE} or {@link AttachMode#GENERIC}
   */
  public record Attached(XdpLink link, AttachMode mode) {}

  /**
   * Finds an interface in the calling thread's network namespace.
   *
   * @throws Failure if there is no such interface, if it is down, or if its frames have no Ethernet
   *     header
   */
  public static XdpInterface find(String name) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      Link link =
          linkOf(netlink, name)
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
      return of(link);
    }
  }

  /** Returns the interface with a name, up or down, if there is one. */
  public static Optional<Link> linkOf(Rtnetlink netlink, String name) {
    return netlink.links().stream().filter(link -> link.name().equals(name)).findFirst();
  }

  /**
   * Returns an interface of the calling thread's network namespace.
   *
   * @throws Failure if its frames have no Ethernet header
   */
  public static XdpInterface of(Link link) {
    if (!link.hasEthernetHeader()) {
      throw new Failure(
          Failure.Kind.REFUSED,
          "cannot attach to %s: its frames have no Ethernet header, its type is %s"
              .formatted(link.name(), link.typeName()));
    }
    return new XdpInterface(
        link.name(), link.index(), link.mac(), link.mtu(), driverOf(link.name()));
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
   * Checks that programs see the VLAN tags of frames. If they do not, a frame for a VLAN interface
   * above this one looks like one without a tag, and would be balanced and sent without it.
   *
   * @throws Failure if there are VLAN interfaces above and the tags are hidden
   */
  public void checkVlanTags() {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      String above = vlansAbove(ifindex, netlink.links());
      if (!above.isEmpty() && hidesVlanTags()) {
        throw new Failure(
            Failure.Kind.REFUSED, "cannot attach to %s: %s".formatted(name, hiddenTags(above)));
      }
    }
  }

  /** Returns the names of the VLAN interfaces above an interface; empty if there are none. */
  public static String vlansAbove(int ifindex, Collection<Link> links) {
    return links.stream()
        .filter(link -> link.lower() == ifindex && link.vlanId() >= 0)
        .map(Link::name)
        .collect(Collectors.joining(", "));
  }

  /** Returns whether the driver takes VLAN tags out of received frames. */
  public boolean hidesVlanTags() {
    try {
      return Ethtool.feature(name, Ethtool.Feature.RX_VLAN);
    } catch (NativeException e) {
      log.debug("whether {} hides VLAN tags is unknown", name, e);
      return false;
    }
  }

  /** Returns why frames of VLAN interfaces above are not told from others, and what to change. */
  public String hiddenTags(String vlansAbove) {
    return "it has VLAN interfaces (%s), but hides the VLAN tags of received frames from XDP programs; turn that off with \"ethtool -K %s rxvlan off\"%s"
        .formatted(
            vlansAbove,
            name,
            driver.equals("veth")
                ? " and, at its other end, \"ethtool -K <name> txvlan off\""
                : "");
  }

  /**
   * Returns the mode in which a program is attached, {@link AttachMode#NATIVE} or {@link
   * AttachMode#GENERIC}; empty if none is.
   */
  public Optional<AttachMode> attachedMode() {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      Link link = netlink.link(ifindex);
      if (link.xdpProgramId() == 0) {
        return Optional.empty();
      }
      return Optional.of(link.xdpGeneric() ? AttachMode.GENERIC : AttachMode.NATIVE);
    }
  }

  /**
   * Attaches a program until the link is closed or the process ends. Never replaces another
   * program.
   *
   * @throws Failure if another program is attached or the kernel refuses for another reason
   */
  public Attached attach(BpfProgram program, AttachMode mode) {
    try {
      return switch (mode) {
        case NATIVE -> attach(program, XdpLink.Mode.NATIVE);
        case GENERIC -> attach(program, XdpLink.Mode.GENERIC);
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
      boolean inDriver = mode != AttachMode.GENERIC;
      throw KernelFeature.explain(
          Refusal.of(
              "cannot attach to %s (driver %s) in mode %s: %s%s%s"
                  .formatted(
                      name,
                      driver,
                      mode,
                      e.getMessage(),
                      explanation(program, inDriver),
                      advice(mode, e.errno())),
              e),
          System.getProperty("os.version"));
    }
  }

  private Attached attach(BpfProgram program, XdpLink.Mode mode) {
    return new Attached(
        XdpLink.attach(program, ifindex, mode),
        mode == XdpLink.Mode.NATIVE ? AttachMode.NATIVE : AttachMode.GENERIC);
  }

  /** Falls back to generic mode only where there is no native mode, not if it is misconfigured. */
  private Attached attachNativeOrGeneric(BpfProgram program) {
    try {
      return attach(program, XdpLink.Mode.NATIVE);
    } catch (NativeException e) {
      if (e instanceof XdpBusyException || !isUnsupported(e.errno())) {
        throw e;
      }
      String explanation = explanation(program, true);
      Attached attached = attach(program, XdpLink.Mode.GENERIC);
      log.warn(
          "driver {} of {} has no native mode ({}){}; the program runs in generic mode, which is several"
              + " times slower and drops packets that the driver has merged (ethtool -K {} gro off"
              + " lro off)",
          driver,
          name,
          e.errnoName(),
          explanation,
          name);
      return attached;
    }
  }

  private static boolean isUnsupported(int errno) {
    return errno == Errno.EOPNOTSUPP || errno == Errno.ENOTSUPP;
  }

  /** Returns the driver's own words in parentheses; empty if it has none. */
  private String explanation(BpfProgram program, boolean inDriver) {
    String text = XdpRefusal.explain(ifindex, program.fd(), inDriver);
    return text.isEmpty() ? "" : " (" + text + ")";
  }

  /** Returns what to change; empty if the errno does not imply it. */
  String advice(AttachMode mode, int errno) {
    List<String> causes =
        switch (errno) {
          case Errno.EOPNOTSUPP, Errno.ENOTSUPP ->
              mode == AttachMode.GENERIC
                  ? List.of()
                  : List.of("this driver has no native XDP: use AttachMode.GENERIC, or AUTOMATIC");
          case Errno.EPERM ->
              List.of("this needs CAP_NET_ADMIN and CAP_BPF in the interface's user namespace");
          case Errno.ERANGE -> List.of(smallerMtu());
          case Errno.EINVAL -> List.of(smallerMtu(), fewerQueues(), noMergedPackets());
          case Errno.ENOSPC, Errno.ENOMEM -> List.of(moreQueues());
          case Errno.ENODEV -> List.of("the interface was deleted meanwhile");
          default -> List.of();
        };
    return causes.isEmpty() ? "" : "; " + String.join(", or ", causes);
  }

  private String smallerMtu() {
    return "the MTU of %d bytes may be too large for XDP in this driver, or that of a veth's other end: \"ip link set %s mtu 1500\""
        .formatted(mtu, name);
  }

  private String fewerQueues() {
    return "the driver may lack queues to transmit from XDP: \"ethtool -L %s combined 1\" uses fewer"
        .formatted(name);
  }

  private String moreQueues() {
    return "the driver lacks queues to transmit from XDP; a veth needs as many at its other end: \"ethtool -L %s combined <n>\" changes them"
        .formatted(name);
  }

  private String noMergedPackets() {
    return "the driver may merge packets: \"ethtool -K %s gro off lro off\"".formatted(name);
  }
}
