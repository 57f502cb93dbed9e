package dev.katran.fuzz;

import dev.katran.Prefix;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.packets.Dice;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** Generates changes to the tables, the flow table and the counters. */
final class TableGenerator {

  private static final int RECIRCULATE = 1;
  private static final int EGRESS = 2;

  private final Dice dice;

  TableGenerator(Dice dice) {
    this.dice = dice;
  }

  /** Returns the operations that fill the tables initially. */
  List<Operation> first() {
    return List.of(
        new Operation.ServerIds(put(Universe.SERVER_IDS.size(), this::serverId, this::backend)),
        new Operation.SourceRoutes(put(8, this::clientPrefix, this::backend)),
        new Operation.DownBackends(put(6, this::downKey, this::anything)),
        new Operation.TunnelEndpoints(put(4, this::tunnelEndpoint, this::mode)),
        new Operation.Reverse(put(40, this::reverseKey, this::vip)));
  }

  /** Returns the next change. */
  Operation next() {
    return switch (dice.below(18)) {
      case 0, 1, 2 -> new Operation.ServerIds(edit(this::serverId, this::backend));
      case 3, 4, 5 -> new Operation.SourceRoutes(edit(this::clientPrefix, this::backend));
      case 6, 7, 8 -> new Operation.DownBackends(edit(this::downKey, this::anything));
      case 9, 10, 11 -> new Operation.TunnelEndpoints(edit(this::tunnelEndpoint, this::mode));
      case 12 -> new Operation.RemoveFlows(backend(), dice.coin() ? -1 : vip());
      case 13 -> new Operation.RemoveFlows(-1, dice.coin() ? -1 : vip());
      case 14 -> new Operation.RemoveFlow(flow());
      case 15, 16 -> new Operation.Reverse(put(8, this::reverseKey, this::vip));
      default -> new Operation.ClearCounter(counter());
    };
  }

  private <K> TableEdit<K> edit(Supplier<K> key, IntSupplier number) {
    return switch (dice.below(6)) {
      case 0, 1, 2 -> put(dice.between(0, 4), key, number);
      case 3 -> new TableEdit.Replace<>(entries(dice.between(0, 12), key, number));
      default -> new TableEdit.Remove<>(keys(dice.between(0, 4), key));
    };
  }

  private <K> TableEdit<K> put(int number, Supplier<K> key, IntSupplier value) {
    return new TableEdit.Put<>(entries(number, key, value));
  }

  private static <K> Map<K, Integer> entries(int number, Supplier<K> key, IntSupplier value) {
    Map<K, Integer> entries = new HashMap<>();
    for (int i = 0; i < number; i++) {
      entries.put(key.get(), value.getAsInt());
    }
    return entries;
  }

  private static <K> Set<K> keys(int number, Supplier<K> key) {
    Set<K> keys = new HashSet<>();
    for (int i = 0; i < number; i++) {
      keys.add(key.get());
    }
    return keys;
  }

  private Integer serverId() {
    return dice.oneIn(20) ? 1 + dice.bits(30) : dice.pick(Universe.SERVER_IDS);
  }

  private Prefix clientPrefix() {
    return dice.pick(Universe.CLIENT_PREFIXES);
  }

  private DownKey downKey() {
    return new DownKey(vip(), backend());
  }

  private ReverseKey reverseKey() {
    return new ReverseKey(
        dice.pick(Universe.answering()),
        dice.coin() ? 0 : dice.pick(Universe.PORTS),
        dice.coin() ? FiveTuple.TCP : FiveTuple.UDP);
  }

  private InetAddress tunnelEndpoint() {
    return dice.pick(Universe.TUNNEL_ENDPOINTS);
  }

  /** Returns a backend number, which may be one that is never installed. */
  private int backend() {
    return dice.between(1, Universe.BACKENDS);
  }

  private int vip() {
    return dice.below(Universe.VIPS);
  }

  private int anything() {
    return dice.between(1, 3);
  }

  private int mode() {
    return dice.oneIn(3) ? EGRESS : RECIRCULATE;
  }

  /** Returns a flow that is likely to be in the table. */
  private FiveTuple flow() {
    InetAddress client = dice.pick(Universe.clients());
    int length = client.getAddress().length;
    List<InetAddress> vips =
        Universe.VIP_ADDRESSES.stream()
            .filter(address -> address.getAddress().length == length)
            .toList();
    return new FiveTuple(
        Address.of(client),
        Address.of(dice.pick(vips)),
        dice.oneIn(4) ? 0 : dice.pick(Universe.PORTS),
        dice.oneIn(4) ? 0 : dice.pick(Universe.PORTS),
        dice.coin() ? FiveTuple.TCP : FiveTuple.UDP);
  }

  private Counter counter() {
    return switch (dice.below(3)) {
      case 0 -> new Counter.OfVip(vip(), dice.pick(List.of(Counter.VipEvent.values())));
      case 1 -> new Counter.OfBackend(backend());
      default -> new Counter.WatchedMisses(backend());
    };
  }
}
