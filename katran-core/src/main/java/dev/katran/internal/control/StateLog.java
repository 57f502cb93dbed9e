package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.control.StoredState.Left;
import dev.katran.internal.control.StoredState.Replayed;
import dev.katran.internal.control.StoredState.StoredVip;
import dev.katran.internal.control.StoredState.StoredWindow;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Journal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes down each change before it is executed, so that a later process finds what this one was
 * told even if it is killed in the middle: a write-ahead log. Rings, entries and counters are not
 * in the log. They are in the dataplane's own tables, from which the later process reads them.
 *
 * <p>The log begins with a snapshot. An <em>intent</em> holds what a change will bring, and is
 * followed by a <em>commit</em> once the change is in force, or by an <em>abort</em> once it is
 * undone. When the room is used up, a new snapshot replaces the log. Used under the lock of
 * changes.
 */
final class StateLog {

  /** The room that is kept for a commit or an abort, which must not fail for lack of it. */
  private static final long RESERVE = 256;

  /** The least room for further records after a snapshot. */
  private static final long LEAST_ROOM = 64 << 10;

  /** A table other than the VIPs, and its entries now. */
  interface Table {

    /** Returns what the table's entries are. */
    TableKind<?, ?> kind();

    /** Returns the entries. */
    Map<?, ?> entries();
  }

  private final Journal journal;
  private final Dataplane dataplane;
  private final Map<String, Table> tables = new HashMap<>();

  /** The backends that left VIPs and whose flow table entries may not be removed yet. */
  private final Set<Left> left = new HashSet<>();

  private Set<Left> leaving = Set.of();
  private boolean hasIntent;

  /** Whether the next intent must be written together with a snapshot. */
  private boolean needsSnapshot;

  StateLog(Journal journal, Dataplane dataplane, List<Table> tables) {
    this.journal = journal;
    this.dataplane = dataplane;
    tables.forEach(table -> this.tables.put(table.kind().name(), table));
  }

  /** Starts an empty log, or replaces it by a snapshot. */
  void start(InstalledState state) {
    write(List.of(snapshot(state)));
    hasIntent = false;
    needsSnapshot = false;
  }

  /**
   * Has the next intent written together with a snapshot of the state that is installed then: until
   * then, the log tells of a change that was interrupted.
   */
  void supersede() {
    needsSnapshot = true;
    hasIntent = false;
  }

  /**
   * Writes a change down.
   *
   * @throws dev.katran.internal.failure.Failure if there is no memory for it
   */
  void begin(InstalledState from, Plan plan, List<DesiredState.TableWrite> writes) {
    byte[] intent = intent(plan, writes);
    if (needsSnapshot || journal.room() < intent.length + RESERVE) {
      write(List.of(snapshot(from), intent));
      needsSnapshot = false;
    } else {
      journal.append(intent);
    }
    hasIntent = true;
    leaving = left(from, plan);
  }

  /**
   * Writes down that the change is in force.
   *
   * @param late how much later than planned
   */
  void commit(Duration late) {
    if (hasIntent) {
      journal.append(new LogWriter(LogRecord.COMMIT).time(late).toByteArray());
      hasIntent = false;
      left.addAll(leaving);
    }
  }

  /** Writes down that the change is undone. Does nothing if none is in progress. */
  void abort() {
    if (hasIntent) {
      journal.append(new LogWriter(LogRecord.ABORT).toByteArray());
      hasIntent = false;
    }
  }

  /** Writes down that windows of a VIP's changing slots, or its idle time, are longer. */
  void extended(InstalledState state, InstalledState.Installed vip) {
    LogWriter record =
        new LogWriter(LogRecord.WINDOW).text(vip.vip().key().toString()).time(vip.idle());
    window(record, vip.slots().openWindow());
    appendOrStart(record.toByteArray(), state);
  }

  /** Writes down that no flow table entry of a backend that left its VIP remains. */
  void cleaned(InstalledState state) {
    if (!left.isEmpty()) {
      left.clear();
      appendOrStart(new LogWriter(LogRecord.CLEANED).toByteArray(), state);
    }
  }

  private void appendOrStart(byte[] record, InstalledState state) {
    if (hasIntent || needsSnapshot) {
      return; // what the log tells of is not settled; it errs on the side of caution
    }
    if (journal.room() >= record.length + RESERVE) {
      journal.append(record);
    } else {
      start(state);
    }
  }

  private void write(List<byte[]> records) {
    long bytes = records.stream().mapToLong(record -> record.length).sum();
    journal.replace(records, Math.max(LEAST_ROOM, bytes));
  }

  private byte[] snapshot(InstalledState state) {
    LogWriter record = new LogWriter(LogRecord.SNAPSHOT);
    record.list(state.vips().values(), this::vip);
    record.list(
        state.backends().entrySet(),
        (out, backend) ->
            out.text(backend.getKey().toString()).number(backend.getValue().number()));
    record.list(
        tables.entrySet(),
        (out, table) -> {
          out.text(table.getKey());
          entries(out, table.getValue().kind(), table.getValue().entries());
        });
    record.list(left, (out, pair) -> out.number(pair.vip()).number(pair.backend()));
    marks(record, state);
    return record.toByteArray();
  }

  private byte[] intent(Plan plan, List<DesiredState.TableWrite> writes) {
    LogWriter record = new LogWriter(LogRecord.INTENT);
    InstalledState after = plan.state();
    record.list(
        plan.changed(),
        (out, vip) -> {
          InstalledState.Installed installed = Objects.requireNonNull(after.vips().get(vip.key()));
          vip(out, installed);
          out.wide(dataplane.rings().place(installed.number()));
        });
    record.list(plan.removedVips(), (out, key) -> out.text(key.toString()));
    record.list(
        plan.added(),
        (out, key) ->
            out.text(key.toString())
                .number(Objects.requireNonNull(after.backends().get(key)).number()));
    record.list(plan.removed(), (out, key) -> out.text(key.toString()));
    record.list(writes, (out, write) -> write.log(new TableLog(out)));
    marks(record, after);
    return record.toByteArray();
  }

  private static void marks(LogWriter record, InstalledState state) {
    record.list(
        state.down().entries(),
        (out, mark) -> out.text(mark.getKey().toString()).text(mark.getValue().toString()));
    record.text(state.watched().map(VipKey::toString).orElse(""));
  }

  private void vip(LogWriter out, InstalledState.Installed installed) {
    Vip vip = installed.vip();
    out.text(TextCodec.text(vip)).number(installed.number()).time(installed.idle());
    out.list(installed.ring().backends(), (each, backend) -> each.text(backend.key().toString()));
    window(out, installed.slots().openWindow());
  }

  private static void window(LogWriter out, @Nullable StoredWindow window) {
    out.number(window == null ? 0 : 1);
    if (window != null) {
      out.time(window.since()).time(window.until()).number(window.extensions());
    }
  }

  /** Writes entries. Few values stand for many keys, so each value is written once. */
  private <K, V> void entries(LogWriter out, TableKind<K, V> kind, Map<?, ?> entries) {
    Map<V, Integer> values = new HashMap<>();
    List<V> order = new ArrayList<>();
    for (Object value : entries.values()) {
      V typed = kind.valueOf(value);
      if (values.putIfAbsent(typed, order.size()) == null) {
        order.add(typed);
      }
    }
    out.list(order, (each, value) -> each.text(kind.valueText(value)));
    out.list(
        entries.entrySet(),
        (each, entry) ->
            each.text(kind.keyText(kind.keyOf(entry.getKey())))
                .number(Objects.requireNonNull(values.get(kind.valueOf(entry.getValue())))));
  }

  /** Where a write of a table describes itself. */
  final class TableLog {

    private final LogWriter out;

    private TableLog(LogWriter out) {
      this.out = out;
    }

    /** Describes a write after which the table has these entries and no others. */
    <K, V> void replace(TableKind<K, V> kind, Map<K, V> entries) {
      out.text(kind.name()).number(1).list(List.of(), (each, none) -> {});
      entries(out, kind, entries);
    }

    /**
     * Describes a write that removes entries and puts others.
     *
     * @param removed keys of entries, none of which is put
     */
    <K, V> void edit(TableKind<K, V> kind, Map<K, V> put, Set<K> removed) {
      out.text(kind.name()).number(0).list(removed, (each, key) -> each.text(kind.keyText(key)));
      entries(out, kind, put);
    }
  }

  private static Set<Left> left(InstalledState from, Plan plan) {
    Set<Left> left = new HashSet<>();
    for (Vip vip : plan.changed()) {
      InstalledState.Installed before = from.vips().get(vip.key());
      if (before != null) {
        from.leaving(before.vip(), vip)
            .forEach(backend -> left.add(new Left(before.number(), backend)));
      }
    }
    return left;
  }

  /** Reads the log; null if nothing was ever written. */
  @Nullable Replayed replay() {
    List<byte[]> records = journal.read();
    if (records.isEmpty()) {
      return null;
    }
    StoredState state = new StoredState();
    byte @Nullable [] intent = null;
    for (byte[] record : records) {
      LogReader in = new LogReader(record);
      switch (in.type()) {
        case SNAPSHOT -> {
          state = readSnapshot(in);
          intent = null;
        }
        case INTENT -> intent = record;
        case COMMIT -> {
          if (intent != null) {
            apply(new LogReader(intent), state, in.time());
            intent = null;
          }
        }
        case ABORT -> intent = null;
        case WINDOW -> readWindow(in, state);
        case CLEANED -> state.left.clear();
      }
    }
    left.clear();
    left.addAll(state.left);
    if (intent == null) {
      return new Replayed(state, null, List.of(), Map.of());
    }
    StoredState next = new StoredState(state);
    Map<Integer, Long> places = apply(new LogReader(intent), next, Duration.ZERO);
    List<VipKey> changed =
        next.vips.entrySet().stream()
            .filter(entry -> places.containsKey(entry.getValue().number()))
            .map(Map.Entry::getKey)
            .toList();
    return new Replayed(state, next, changed, places);
  }

  private StoredState readSnapshot(LogReader in) {
    StoredState state = new StoredState();
    in.list(() -> {
      StoredVip vip = readVip(in);
      state.vips.put(vip.vip().key(), vip);
    });
    in.list(() -> state.backends.put(BackendKey.parse(in.text()), in.number()));
    in.list(() -> {
      String name = in.text();
      state.table(name).putAll(readEntries(in, kind(name)));
    });
    in.list(() -> state.left.add(new Left(in.number(), in.number())));
    readMarks(in, state);
    return state;
  }

  private TableKind<?, ?> kind(String name) {
    return Objects.requireNonNull(tables.get(name), name).kind();
  }

  /** Applies an intent and returns what identified the rings before, by VIP index. */
  private Map<Integer, Long> apply(LogReader in, StoredState state, Duration late) {
    Map<Integer, Long> places = new HashMap<>();
    in.list(() -> {
      StoredVip vip = readVip(in);
      StoredWindow window = vip.window();
      places.put(vip.number(), in.wide());
      addLeft(state, vip);
      state.vips.put(
          vip.vip().key(), vip.with(vip.idle(), window == null ? null : window.later(late)));
    });
    in.list(() -> state.vips.remove(VipKey.parse(in.text())));
    in.list(() -> state.backends.put(BackendKey.parse(in.text()), in.number()));
    in.list(() -> state.backends.remove(BackendKey.parse(in.text())));
    in.list(() -> {
      String name = in.text();
      Map<Object, Object> table = state.table(name);
      if (in.number() == 1) {
        table.clear();
      }
      in.list(() -> table.remove(kind(name).key(in.text())));
      table.putAll(readEntries(in, kind(name)));
    });
    readMarks(in, state);
    return places;
  }

  private static void addLeft(StoredState state, StoredVip after) {
    StoredVip before = state.vips.get(after.vip().key());
    if (before == null) {
      return;
    }
    Set<BackendKey> remaining = new HashSet<>();
    after.vip().backends().forEach(backend -> remaining.add(backend.key()));
    for (Backend backend : before.vip().backends()) {
      Integer number = state.backends.get(backend.key());
      if (number != null && !remaining.contains(backend.key())) {
        state.left.add(new Left(before.number(), number));
      }
    }
  }

  private StoredVip readVip(LogReader in) {
    Vip vip = TextCodec.vip(in.text());
    int number = in.number();
    Duration idle = in.time();
    Set<BackendKey> serving = new HashSet<>();
    in.list(() -> serving.add(BackendKey.parse(in.text())));
    return new StoredVip(vip, number, serving, idle, readStoredWindow(in));
  }

  private static @Nullable StoredWindow readStoredWindow(LogReader in) {
    return in.number() == 0 ? null : new StoredWindow(in.time(), in.time(), in.number());
  }

  private static void readWindow(LogReader in, StoredState state) {
    VipKey key = VipKey.parse(in.text());
    Duration idle = in.time();
    StoredWindow window = readStoredWindow(in);
    state.vips.computeIfPresent(key, (same, vip) -> vip.with(idle, window));
  }

  private static void readMarks(LogReader in, StoredState state) {
    ImmutableSetMultimap.Builder<VipKey, BackendKey> down = ImmutableSetMultimap.builder();
    in.list(() -> down.put(VipKey.parse(in.text()), BackendKey.parse(in.text())));
    state.down = down.build();
    String watched = in.text();
    state.watched = watched.isEmpty() ? Optional.empty() : Optional.of(VipKey.parse(watched));
  }

  private <K, V> Map<K, V> readEntries(LogReader in, TableKind<K, V> kind) {
    List<V> values = new ArrayList<>();
    in.list(() -> values.add(kind.value(in.text())));
    Map<K, V> entries = new HashMap<>();
    in.list(() -> entries.put(kind.key(in.text()), values.get(in.number())));
    return entries;
  }
}
