package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.platform.XdpInterface;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The XDP hook of an interface, which the program has for itself. */
final class LinkHook implements Hook {

  private static final Logger log = LoggerFactory.getLogger(LinkHook.class);

  private final AttachMode wanted;
  private final MapPins pins;

  /** The link, closed after it was lost. Null before it is attached for the first time. */
  private XdpInterface.@Nullable Attached attached;

  /**
   * Creates a hook without a program.
   *
   * @param pins where the link is pinned
   */
  LinkHook(AttachMode wanted, MapPins pins) {
    this.wanted = wanted;
    this.pins = pins;
  }

  /** Removes links to what is no longer the interface, or in another mode than the wanted one. */
  @Override
  public boolean adopt(XdpInterface to, BpfProgram program) {
    for (AttachMode mode : List.of(AttachMode.NATIVE, AttachMode.GENERIC)) {
      XdpLink link = pins.link(pin(mode)).orElse(null);
      if (link == null) {
        continue;
      }
      try {
        if (isLinkOf(to, link) && (wanted == mode || wanted == AttachMode.AUTOMATIC)) {
          link.update(program);
          attached = new XdpInterface.Attached(link, mode);
          return true;
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
      pins.replace(pin(next.mode()), next.link());
      attached = next;
    } catch (RuntimeException | Error e) {
      next.link().close();
      throw e;
    }
  }

  private static String pin(AttachMode mode) {
    return "link_" + mode.name().toLowerCase(Locale.ROOT);
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
    pins.unpin(pin(attached().mode()));
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
    detach(attached().link(), pins);
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

  @Override
  public void close() {
    if (attached != null) {
      attached.link().close();
    }
  }
}
