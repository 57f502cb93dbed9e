package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.RouteLookup;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.dataplane.Surroundings;
import dev.katran.internal.platform.XdpInterface;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The settings of the calling thread's network namespace. */
final class KernelSurroundings implements Surroundings {

  private static final Logger log = LoggerFactory.getLogger(KernelSurroundings.class);

  private static final Path SETTINGS = Path.of("/proc/sys");
  private static final Path NAMESPACE = Path.of("/proc/thread-self/ns/net");

  /** Returns what identifies the calling thread's network namespace; empty if it is unknown. */
  static String namespace() {
    try {
      return Files.readSymbolicLink(NAMESPACE).toString();
    } catch (IOException e) {
      log.debug("the network namespace is unknown", e);
      return "";
    }
  }

  @Override
  public Optional<String> setting(String key) {
    StringBuilder path = new StringBuilder(key);
    for (int i = 0; i < key.length(); i++) {
      switch (key.charAt(i)) {
        case '.' -> path.setCharAt(i, '/');
        case '/' -> path.setCharAt(i, '.');
        default -> {
          // as it is
        }
      }
    }
    try {
      return Optional.of(Files.readString(SETTINGS.resolve(path.toString())).strip());
    } catch (IOException e) {
      log.debug("the setting {} is unknown", key, e);
      return Optional.empty();
    }
  }

  @Override
  public boolean isOn(String interfaceName, Offload offload) {
    Ethtool.Feature feature =
        switch (offload) {
          case GRO -> Ethtool.Feature.GRO;
          case LRO -> Ethtool.Feature.LRO;
          case RX_VLAN -> Ethtool.Feature.RX_VLAN;
        };
    try {
      return Ethtool.feature(interfaceName, feature);
    } catch (NativeException e) {
      log.debug("whether {} of {} is on is unknown", offload, interfaceName, e);
      return false;
    }
  }

  @Override
  public String vlansAbove(String interfaceName) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      return XdpInterface.linkOf(netlink, interfaceName)
          .map(link -> XdpInterface.vlansAbove(link.index(), netlink.links()))
          .orElse("");
    }
  }

  @Override
  public boolean isOwn(InetAddress address) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      return netlink.isLocal(address);
    } catch (NativeException e) {
      log.debug("whether {} is an address of this host is unknown", address, e);
      return false;
    }
  }

  @Override
  public Optional<Way> way(InetAddress destination) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      RouteLookup route = netlink.route(destination);
      Link egress = netlink.link(route.egressIndex());
      return Optional.of(new Way(egress.name(), Optional.ofNullable(route.gateway())));
    } catch (NativeException e) {
      log.debug("there is no way to {}", destination, e);
      return Optional.empty();
    }
  }
}
