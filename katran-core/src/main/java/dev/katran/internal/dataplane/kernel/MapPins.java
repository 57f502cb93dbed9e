package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.LoadedProgram;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.PinFolder;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pins of a dataplane's maps. Without a folder, nothing is pinned: the maps end with the
 * process.
 */
final class MapPins {

  /** Pins nothing. */
  static final MapPins NONE = new MapPins(null);

  private final @Nullable PinFolder folder;

  MapPins(@Nullable PinFolder folder) {
    this.folder = folder;
  }

  /** Returns whether maps are pinned. */
  boolean exist() {
    return folder != null;
  }

  /** Returns whether there is a map of this name. */
  boolean contains(String name) {
    return folder != null && folder.contains(name);
  }

  /** Returns the names that begin with a prefix. */
  List<String> names(String prefix) {
    return folder == null
        ? List.of()
        : folder.names().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  /** Opens a pinned map. */
  BpfMap open(String name) {
    if (folder == null) {
      throw new IllegalStateException(name + " is not pinned");
    }
    return folder.map(name);
  }

  /** Opens a pinned map, or creates and pins it. */
  BpfMap openOrCreate(String name, Supplier<BpfMap> create) {
    return contains(name) ? open(name) : pinned(name, create);
  }

  /** Creates a map and pins it. */
  BpfMap pinned(String name, Supplier<BpfMap> create) {
    BpfMap map = create.get();
    try {
      replace(name, map);
      return map;
    } catch (RuntimeException | Error e) {
      map.close();
      throw e;
    }
  }

  /** Pins a map in place of another one, atomically. */
  void replace(String name, BpfMap map) {
    if (folder != null) {
      folder.replace(name, map);
    }
  }

  /** Opens a pinned link. */
  Optional<XdpLink> link(String name) {
    return folder == null ? Optional.empty() : folder.link(name);
  }

  /** Pins a link in place of another one, atomically. */
  void replace(String name, XdpLink link) {
    if (folder != null) {
      folder.replace(name, link);
    }
  }

  /** Opens a pinned program. */
  Optional<LoadedProgram> program(String name) {
    return folder == null ? Optional.empty() : folder.program(name);
  }

  /** Pins a program in place of another one, atomically. */
  void replace(String name, BpfProgram program) {
    if (folder != null) {
      folder.replace(name, program);
    }
  }

  /** Removes a pin, if it is there. */
  void unpin(String name) {
    if (folder != null) {
      folder.unpin(name);
    }
  }

  /** Returns the refusal of a folder whose contents do not fit together. */
  Failure damaged(String problem) {
    return new Failure(
        Failure.Kind.REFUSED,
        "cannot continue what is pinned in %s: %s; remove it with LoadBalancer.uninstall"
            .formatted(folder == null ? "" : folder.path(), problem));
  }
}
