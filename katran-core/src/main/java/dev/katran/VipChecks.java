package dev.katran;

import dev.katran.internal.configuration.TableBackend;
import dev.katran.internal.net.Addresses;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Refuses VIPs whose parts do not fit each other. Each part by itself was checked before. */
final class VipChecks {

  private VipChecks() {}

  /**
   * Checks a VIP.
   *
   * @throws IllegalArgumentException as {@link Vip.Builder#build}
   */
  static void check(Vip vip, Set<VipOption> options) {
    for (VipOption option : options) {
      if (option.needsUdp() && vip.protocol() != Protocol.UDP) {
        throw refused(vip, "%s needs UDP".formatted(option.label()));
      }
    }
    Set<BackendKey> keys = new HashSet<>();
    Map<BackendKey, BackendKey> rewritten = new HashMap<>();
    for (Backend backend : vip.backends()) {
      BackendKey key = backend.key();
      if (!keys.add(key)) {
        throw refused(vip, "duplicate backend %s".formatted(key));
      }
      if (backend.forwarding().equals(Forwarding.rewrite())) {
        checkRewritten(vip, backend);
        BackendKey other = rewritten.put(serverOf(vip, backend), key);
        if (other != null) {
          throw refused(
              vip, "backends %s and %s are the same server and port".formatted(other, key));
        }
      } else {
        TableBackend.checkPort(vip.key(), backend);
      }
    }
  }

  private static void checkRewritten(Vip vip, Backend backend) {
    BackendKey key = backend.key();
    if (vip.key().prefix().isPresent()) {
      throw refused(
          vip,
          "backend %s is via REWRITE, which needs a VIP of a single address, not a prefix: its answers must get the address back"
              .formatted(key));
    }
    if (Addresses.isIpv4(backend.address()) != Addresses.isIpv4(vip.address())) {
      throw refused(
          vip,
          "backend %s is via REWRITE, which needs a backend of the VIP's family".formatted(key));
    }
    if (backend.port() != BackendKey.PORT_OF_VIP && vip.key().matchesEveryPort()) {
      throw refused(
          vip,
          "backend %s has a port of its own, but the VIP matches every port and keeps it"
              .formatted(key));
    }
  }

  /** Returns where a rewritten backend serves: its port, if it has none, is that of the VIP. */
  private static BackendKey serverOf(Vip vip, Backend backend) {
    return backend.port() == BackendKey.PORT_OF_VIP
        ? BackendKey.of(backend.address(), vip.port())
        : backend.key();
  }

  private static IllegalArgumentException refused(Vip vip, String problem) {
    return new IllegalArgumentException("%s: %s".formatted(vip.key(), problem));
  }
}
