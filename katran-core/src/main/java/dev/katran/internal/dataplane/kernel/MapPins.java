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
 *
 * <p>While the maps of another generation are converted, opening or creating a map converts it.
 */
final class MapPins {

  /** Pins nothing. */
  static final MapPins NONE = new MapPins(null, "");

  private final @Nullable PinFolder folder;
  private final String prefix;
  private @Nullable MapConversion conversion;

  /**
   * Creates a view of the pins whose names begin with a prefix, which callers leave out.
   *
   * @param prefix empty for all pins
   */
  MapPins(@Nullable PinFolder folder, String prefix) {
    this.folder = folder;
    this.prefix = prefix;
  }

  /** Has maps converted, from now on or, with null, no longer. */
  void convert(@Nullable MapConversion conversion) {
    this.conversion = conversion;
  }

  /** Returns what converts maps; empty if nothing does. */
  Optional<MapConversion> conversion() {
    return Optional.ofNullable(conversion);
  }

  /** Returns whether maps are pinned. */
  boolean exist() {
    return folder != null;
  }

  /** Returns whether there is a map of this name, or one to convert. */
  boolean contains(String name) {
    return isPinned(name) || (conversion != null && conversion.has(name));
  }

  private boolean isPinned(String name) {
    return folder != null && folder.contains(prefix + name);
  }

  /** Returns the names that begin with a prefix. */
  List<String> names(String start) {
    return folder == null
        ? List.of()
        : folder.names().stream()
            .filter(name -> name.startsWith(prefix + start))
            .map(name -> name.substring(prefix.length()))
            .toList();
  }

  /** Opens a pinned map. */
  BpfMap open(String name) {
    if (folder == null) {
      throw new IllegalStateException(name + " is not pinned");
    }
    return folder.map(prefix + name);
  }

  /** Opens a pinned map, or converts or creates it, and pins it. */
  BpfMap openOrCreate(String name, Supplier<BpfMap> create) {
    if (isPinned(name)) {
      return open(name);
    }
    MapConversion converting = conversion;
    return converting != null && converting.has(name)
        ? pinned(name, () -> converting.convert(name, create))
        : pinned(name, create);
  }

  /**
   * Converts a map that is replaced as a whole.
   *
   * @param create creates an empty inner map
   * @return the inner map; empty if there is none to convert, or both maps are pinned now
   */
  Optional<BpfMap> converted(String name, Supplier<BpfMap> create) {
    return conversion != null && !isPinned(name) && conversion.has(name)
        ? conversion.convertReplaceable(name, create, this)
        : Optional.empty();
  }

  /** Creates a map and pins it. */
  private BpfMap pinned(String name, Supplier<BpfMap> create) {
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
      folder.replace(prefix + name, map);
    }
  }

  /** Opens a pinned link. */
  Optional<XdpLink> link(String name) {
    return folder == null ? Optional.empty() : folder.link(prefix + name);
  }

  /** Pins a link in place of another one, atomically. */
  void replace(String name, XdpLink link) {
    if (folder != null) {
      folder.replace(prefix + name, link);
    }
  }

  /** Opens a pinned program. */
  Optional<LoadedProgram> program(String name) {
    return folder == null ? Optional.empty() : folder.program(prefix + name);
  }

  /** Pins a program in place of another one, atomically. */
  void replace(String name, BpfProgram program) {
    if (folder != null) {
      folder.replace(prefix + name, program);
    }
  }

  /** Removes a pin, if it is there. */
  void unpin(String name) {
    if (folder != null) {
      folder.unpin(prefix + name);
    }
  }

  /** Removes all pins. Those that make the others count, which are the settings, go first. */
  void unpinAll() {
    unpin(PinnedSettings.NAME);
    names("").forEach(this::unpin);
  }

  @Override
  public String toString() {
    return folder == null ? "no folder" : folder.path().toString();
  }

  /** Returns the refusal of a folder whose contents do not fit together. */
  Failure damaged(String problem) {
    return refused(problem + "; remove it with LoadBalancer.uninstall");
  }

  /** Returns the refusal of a folder, which stays as it is. */
  Failure refused(String problem) {
    return new Failure(
        Failure.Kind.REFUSED,
        "cannot continue what is pinned in %s: %s"
            .formatted(folder == null ? "" : folder.path(), problem));
  }
}
