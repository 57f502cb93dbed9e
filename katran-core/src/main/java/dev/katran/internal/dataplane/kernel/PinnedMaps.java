package dev.katran.internal.dataplane.kernel;

import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.platform.PinFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The maps that are pinned in a folder: generations of them. A generation is complete when its
 * settings are pinned, and the latest complete one is in force. Maps that do not fit this version
 * of the library, or the limits, are converted to a next generation, while the program that is
 * attached goes on with the old one:
 *
 * <ol>
 *   <li>The maps of the next generation are made from the old ones and pinned, and a program is
 *       loaded with them. Until now, the next open() removes them if this one ends.
 *   <li>{@link #commit}: the settings are pinned. From now on, the next open() continues with them.
 *   <li>The program is attached: the link is updated, so that no packet is lost.
 *   <li>{@link #complete}: what packets have written to the old maps meanwhile is copied, and the
 *       old generation is removed. If the process ends before, the next one does that.
 * </ol>
 */
final class PinnedMaps {

  private static final Logger log = LoggerFactory.getLogger(PinnedMaps.class);

  private static final Pattern PIN = Pattern.compile("g([0-9]{1,9})-[a-z0-9_-]+");

  private final PinFolder folder;
  private final PinnedSettings settings;
  private final MapPins pins;
  private final boolean isNew;
  private boolean isComplete;

  /** The earlier generations and, last, the one in use. */
  private final List<Generation> generations;

  private List<TrafficCopy> copies = List.of();

  private record Generation(MapPins pins, PinnedSettings settings) {}

  private PinnedMaps(
      PinFolder folder,
      List<Generation> generations,
      Generation used,
      boolean isNew,
      boolean isComplete) {
    this.folder = folder;
    this.generations = new ArrayList<>(generations);
    this.generations.add(used);
    this.pins = used.pins();
    this.settings = used.settings();
    this.isNew = isNew;
    this.isComplete = isComplete;
  }

  /** Returns whether a file in a pin folder may be a dataplane's map. */
  static boolean isPin(String name) {
    return PIN.matcher(name).matches();
  }

  /**
   * Opens the maps, or prepares to create or convert them.
   *
   * @throws dev.katran.internal.failure.Failure if they do not fit together, or cannot be converted
   */
  static PinnedMaps open(PinFolder folder, DataplaneConfig config, MapGeometry geometry) {
    folder.removeTemporary();
    NavigableMap<Integer, MapPins> found = complete(folder);
    if (found.isEmpty()) {
      folder.names().forEach(folder::unpin); // left by an open that failed
      Generation first = new Generation(pins(folder, 1), PinnedSettings.of(config, geometry));
      return new PinnedMaps(folder, List.of(), first, /* isNew= */ true, /* isComplete= */ false);
    }
    removeIncomplete(folder, found);
    List<Generation> generations =
        found.values().stream()
            .map(pins -> new Generation(pins, PinnedSettings.read(pins)))
            .collect(Collectors.toCollection(ArrayList::new));
    Generation latest = generations.removeLast();
    latest.settings().required().stream()
        .filter(name -> !latest.pins().contains(name))
        .findFirst()
        .ifPresent(name -> {
          throw latest.pins().damaged("the map " + name + " was removed");
        });
    PinnedLayout before = latest.settings().layout();
    PinnedSettings wanted = PinnedSettings.of(configured(config, latest, geometry), geometry);
    if (before.equals(wanted.layout())) {
      return new PinnedMaps(folder, generations, latest, /* isNew= */ false, true);
    }
    Generation next = new Generation(pins(folder, found.lastKey() + 1), wanted);
    next.pins().convert(new MapConversion(latest.pins(), before, next.pins(), wanted.layout()));
    generations.add(latest);
    return new PinnedMaps(folder, generations, next, /* isNew= */ false, /* isComplete= */ false);
  }

  private static MapPins pins(PinFolder folder, int number) {
    return new MapPins(folder, "g" + number + "-");
  }

  /** Returns the pins of the generations with settings, by their numbers. */
  private static NavigableMap<Integer, MapPins> complete(PinFolder folder) {
    NavigableMap<Integer, MapPins> complete = new TreeMap<>();
    for (int number : numbers(folder)) {
      MapPins pins = pins(folder, number);
      if (pins.contains(PinnedSettings.NAME)) {
        complete.put(number, pins);
      }
    }
    return complete;
  }

  private static List<Integer> numbers(PinFolder folder) {
    return folder.names().stream()
        .map(PIN::matcher)
        .filter(Matcher::matches)
        .map(matcher -> Integer.valueOf(matcher.group(1)))
        .distinct()
        .toList();
  }

  /** Removes what an interrupted conversion has left, be it in its beginning or in its end. */
  private static void removeIncomplete(PinFolder folder, NavigableMap<Integer, MapPins> complete) {
    numbers(folder).stream()
        .filter(number -> !complete.containsKey(number))
        .forEach(number -> pins(folder, number).unpinAll());
  }

  /** Returns whether nothing was pinned before. */
  boolean isNew() {
    return isNew;
  }

  /** Returns the pins of the maps in use. */
  MapPins pins() {
    return pins;
  }

  /** Returns the folder. */
  PinFolder folder() {
    return folder;
  }

  /** Returns a configuration with the keys and the size of the flow table that are pinned. */
  DataplaneConfig configured(DataplaneConfig config) {
    return configured(config, settings);
  }

  private static DataplaneConfig configured(DataplaneConfig config, PinnedSettings settings) {
    return config.with(c -> {
      c.flowSecret = settings.secret();
      c.limits = config.limits().flowTableSize(settings.layout().flowTableSize());
    });
  }

  /**
   * Returns a configuration that keeps the keys of the flow table and, while slots are changing,
   * its size. A flow may begin after its entry could be copied and before the program is replaced:
   * in a changing slot, its next packet would be taken for one of an old flow.
   */
  private static DataplaneConfig configured(
      DataplaneConfig config, Generation latest, MapGeometry geometry) {
    PinnedSettings settings = latest.settings();
    DataplaneConfig same = configured(config, settings);
    boolean isResized = same.limits().flowTableSize() != config.limits().flowTableSize();
    if (isResized
        && settings.layout().isLike(PinnedLayout.of(config, geometry), "flows")
        && KernelDeadlines.anyAhead(latest.pins())) {
      log.info(
          "a change is in progress: the flow table in {} keeps its size of {} entries until the next open",
          latest.pins(),
          same.limits().flowTableSize());
      return same;
    }
    return config.with(c -> c.flowSecret = settings.secret());
  }

  /** Shares the journal, whose records do not depend on the layout of maps. */
  void shareJournal() {
    pins.conversion().ifPresent(conversion -> conversion.share(KernelJournal.NAME));
  }

  /** Ends the conversion, once all maps are open. Copies most of what packets have written. */
  void converted() {
    pins.conversion().ifPresent(MapConversion::checkLostMaps);
    pins.convert(null);
    List<TrafficCopy> opened = new ArrayList<>();
    try {
      for (int i = 0; i + 1 < generations.size(); i++) {
        Generation from = generations.get(i);
        Generation to = generations.get(i + 1);
        opened.add(new TrafficCopy(from.pins(), from.settings(), to.pins(), to.settings()));
      }
      opened.forEach(TrafficCopy::run);
      copies = List.copyOf(opened);
    } catch (RuntimeException | Error e) {
      opened.forEach(TrafficCopy::close);
      throw e;
    }
  }

  /** Puts the maps in force, before the program is attached. */
  void commit() {
    if (!isComplete) {
      copies.forEach(TrafficCopy::run); // few flows begin between here and the attachment
      settings.write(pins);
      isComplete = true;
    }
  }

  /**
   * Copies what packets have written to the maps of earlier generations, which no program uses any
   * longer, and removes them.
   *
   * @param gracePeriod waits for the packets that are being processed
   */
  void complete(Runnable gracePeriod) {
    if (generations.size() == 1) {
      return;
    }
    if (copies.stream().anyMatch(TrafficCopy::isNeeded)) {
      copies.forEach(TrafficCopy::run); // at once, since packets of these flows may arrive
      gracePeriod.run();
      copies.forEach(TrafficCopy::run);
    }
    closeCopies();
    while (generations.size() > 1) {
      generations.removeFirst().pins().unpinAll();
    }
    log.info("the maps in {} have the layout of this version and its limits now", folder.path());
  }

  private void closeCopies() {
    copies.forEach(TrafficCopy::close);
    copies = List.of();
  }

  /** Removes what is not in force, such as after a failure. */
  void close() {
    closeCopies();
    if (!isComplete) {
      pins.unpinAll();
    }
  }
}
