package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.platform.XdpInterface;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The XDP hook of an interface, which the program has for itself. */
final class LinkHook implements Hook {

  private static final Logger log = LoggerFactory.getLogger(LinkHook.class);

  private static final String PREFIX = "link_";

  private final AttachMode wanted;
  private final MapPins pins;

  /** The end of the name of a link that is pinned anew. */
  private final String suffix;

  /** The name by which the link is pinned, if links are. */
  private String pin = "";

  /** The link, closed after it was lost. Null before it is attached for the first time. */
  private XdpInterface.@Nullable Attached attached;

  /**
   * Creates a hook without a program.
   *
   * @param pins where the link is pinned
   * @param name the interface's name if there are links of several ones, otherwise empty
   */
  LinkHook(AttachMode wanted, MapPins pins, String name) {
    this.wanted = wanted;
    this.pins = pins;
    // names of interfaces have characters that names of pins do not have
    this.suffix =
        name.isEmpty() ? "" : "_" + HexFormat.of().formatHex(name.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Continues with the link that is attached to the interface, by whatever name it is pinned: the
   * interface may have had another one. Removes it if it is in another mode than the wanted one.
   */
  @Override
  public boolean adopt(XdpInterface to, BpfProgram program) {
    for (String name : pins.names(PREFIX)) {
      XdpLink link = pins.link(name).orElse(null);
      if (link == null) {
        continue;
      }
      AttachMode mode =
          name.startsWith(pin(AttachMode.NATIVE)) ? AttachMode.NATIVE : AttachMode.GENERIC;
      try {
        if (!isLinkOf(to, link)) {
          link.close();
          continue;
        }
        if (wanted == mode || wanted == AttachMode.AUTOMATIC) {
          link.update(program);
          attached = new XdpInterface.Attached(link, mode);
          pin = name;
          return true;
        }
      } catch (RuntimeException | Error e) {
        link.close();
        throw e;
      }
      log.warn(
          "the {} link of the last process to {} is not wanted; attaches again",
          mode.name().toLowerCase(Locale.ROOT),
          to.name());
      detach(link, name, pins);
    }
    return false;
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

  @Override
  public void attach(XdpInterface to, BpfProgram program) {
    XdpInterface.Attached next = to.attach(program, wanted);
    try {
      pin = pin(next.mode()) + suffix;
      pins.replace(pin, next.link());
      attached = next;
    } catch (RuntimeException | Error e) {
      next.link().close();
      throw e;
    }
  }

  private static String pin(AttachMode mode) {
    return PREFIX + mode.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public void update(BpfProgram program) {
    attached().link().update(program);
  }

  private XdpInterface.Attached attached() {
    if (attached == null) {
      throw new IllegalStateException("never attached");
    }
    return attached;
  }

  @Override
  public Optional<String> loss() {
    return attached().link().isAttached()
        ? Optional.empty()
        : Optional.of("the program was detached from outside");
  }

  @Override
  public void release() {
    attached().link().close();
    pins.unpin(pin);
  }

  @Override
  public AttachMode mode() {
    return attached().mode();
  }

  @Override
  public String calledFrom() {
    return "";
  }

  @Override
  public int programId() {
    return attached().link().programId();
  }

  @Override
  public void detach() {
    detach(attached().link(), pin, pins);
  }

  /**
   * Detaches the programs of the pinned links, if there are any. The kernel would do so some time
   * after the pins are removed.
   */
  static void detach(MapPins pins) {
    detachOthers(pins, List.of());
  }

  /** Detaches the programs of the pinned links, except for those in use. */
  static void detachOthers(MapPins pins, List<XdpAttachment> used) {
    for (String name : pins.names(PREFIX)) {
      if (used.stream().noneMatch(each -> each.usesPin(name))) {
        pins.link(name).ifPresent(link -> detach(link, name, pins));
      }
    }
  }

  private static void detach(XdpLink link, String name, MapPins pins) {
    try (link) {
      if (link.isAttached()) {
        link.detach();
      }
    }
    pins.unpin(name);
  }

  /** Returns whether the link is pinned by a name. */
  boolean usesPin(String name) {
    return pin.equals(name);
  }

  @Override
  public void close() {
    if (attached != null) {
      attached.link().close();
    }
  }
}
