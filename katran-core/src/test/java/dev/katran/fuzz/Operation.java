package dev.katran.fuzz;

import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.DownKey;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.FiveTuple;
import dev.katran.dataplane.FlowTable;
import dev.katran.dataplane.Hop;
import dev.katran.dataplane.VipEntry;
import dev.katran.packets.Hex;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Something that is done to a dataplane. */
sealed interface Operation {

  /** What a dataplane answers that only does something. */
  Object DONE = "done";

  /** Does it, and returns what can be compared of the answer. */
  Object applyTo(Dataplane dataplane);

  /** Others in its place that may show the same with less. */
  default List<Operation> simpler() {
    return List.of();
  }

  private static <T> List<Operation> each(List<T> parts, Function<T, Operation> operation) {
    return parts.stream().map(operation).toList();
  }

  /** Runs a frame. */
  final class Feed implements Operation {

    private static final int SHORTEST = 14;

    /** Parts of a frame that are zeroed one by one: of a long one not each byte. */
    private static final int MOST_PARTS = 256;

    private final byte[] frame;

    Feed(byte[] frame) {
      this.frame = frame;
    }

    /** Not to be changed. */
    byte[] frame() {
      return frame;
    }

    @Override
    public Object applyTo(Dataplane dataplane) {
      return dataplane.run(frame);
    }

    /** Shorter frames, then those with zeros, both from large parts to small ones. */
    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      for (int cut = (frame.length - SHORTEST); cut > 0; cut /= 2) {
        simpler.add(new Feed(Arrays.copyOf(frame, frame.length - cut)));
      }
      int least = Math.ceilDiv(frame.length, MOST_PARTS);
      for (int part = frame.length / 2; part >= least; part /= 2) {
        for (int from = 0; from < frame.length; from += part) {
          byte[] zeroed = frame.clone();
          Arrays.fill(zeroed, from, Math.min(from + part, frame.length), (byte) 0);
          if (!Arrays.equals(zeroed, frame)) {
            simpler.add(new Feed(zeroed));
          }
        }
      }
      return simpler;
    }

    @Override
    public String toString() {
      return "Feed[" + frame.length + " bytes " + Hex.of(frame) + "]";
    }
  }

  /** Asks for features. */
  record Use(Features features) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.use(features);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      for (int flags = features.vipFlags(); flags != 0; flags &= flags - 1) {
        int flag = Integer.lowestOneBit(flags);
        simpler.add(with(features.vipFlags() & ~flag, true, true, true));
      }
      if (features.gue()) {
        simpler.add(with(features.vipFlags(), false, true, true));
      }
      if (features.prefixVips()) {
        simpler.add(with(features.vipFlags(), true, false, true));
      }
      if (features.changes()) {
        simpler.add(with(features.vipFlags(), true, true, false));
      }
      return simpler;
    }

    private Use with(int flags, boolean gue, boolean prefixVips, boolean changes) {
      return new Use(
          new Features(
              flags,
              gue && features.gue(),
              prefixVips && features.prefixVips(),
              changes && features.changes()));
    }
  }

  /** Installs or changes a VIP. */
  record PutVip(VipKey key, VipEntry entry) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.putVip(key, entry);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      for (int flags = entry.flags(); flags != 0; flags &= flags - 1) {
        int rest = entry.flags() & ~Integer.lowestOneBit(flags);
        simpler.add(new PutVip(key, new VipEntry(entry.number(), rest)));
      }
      return simpler;
    }
  }

  /** Removes a VIP. */
  record RemoveVip(VipKey key) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.removeVip(key);
      return DONE;
    }
  }

  /** Starts or stops answering echo requests. */
  record Ping(Destination destination, boolean answer) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.answerPing(destination, answer);
      return DONE;
    }
  }

  /** Replaces a ring. */
  record PutRing(int vip, Slots slots) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.putRing(vip, slots.numbers());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(slots.simpler(), simpler -> new PutRing(vip, simpler));
    }
  }

  /** Replaces a ring by one that remembers another one, as the seed says. */
  record ChangeRing(int vip, Slots slots, long seed, ChangeStage stage) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      stage.applyTo(dataplane, vip, slots, seed);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      simpler.add(new PutRing(vip, slots));
      slots.simpler().forEach(each -> simpler.add(new ChangeRing(vip, each, seed, stage)));
      return simpler;
    }
  }

  /** Removes a ring. */
  record RemoveRing(int vip) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.removeRing(vip);
      return DONE;
    }
  }

  /** Says how a backend is reached. */
  record PutBackend(int number, BackendEntry entry) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.putBackend(number, entry);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      Hop gateway = Playground.GATEWAY;
      BackendEntry plain =
          new BackendEntry(entry.address(), entry.encapsulation(), /* local= */ false, gateway);
      return plain.equals(entry) ? List.of() : List.of(new PutBackend(number, plain));
    }
  }

  /** Forgets a backend. */
  record RemoveBackend(int number) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.removeBackend(number);
      return DONE;
    }
  }

  /** Changes the server ids. */
  record ServerIds(TableEdit<Integer> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.serverIds());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), ServerIds::new);
    }
  }

  /** Changes the source routes. */
  record SourceRoutes(TableEdit<Prefix> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.sourceRoutes());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), SourceRoutes::new);
    }
  }

  /** Changes which backends are down. */
  record Down(TableEdit<DownKey> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.down());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), Down::new);
    }
  }

  /** Changes where tunnels end. */
  record TunnelEnds(TableEdit<InetAddress> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.tunnelEnds());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), TunnelEnds::new);
    }
  }

  /** Asks for a flow, and removes it. */
  record RemoveFlow(FiveTuple flow) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      FlowTable.Entry entry = dataplane.flows().get(flow);
      String found =
          entry == null ? "none" : "backend %d, vip %d".formatted(entry.backend(), entry.vip());
      return found + ", removed " + dataplane.flows().remove(flow);
    }
  }

  /** Removes the flows of a backend, a VIP, or both; -1 stands for all. */
  record RemoveFlows(int backend, int vip) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return dataplane
          .flows()
          .removeIf(entry ->
              (backend < 0 || entry.backend() == backend) && (vip < 0 || entry.vip() == vip));
    }
  }

  /** Sets a counter to zero. */
  record Clear(Counter counter) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.clear(counter);
      return DONE;
    }
  }

  /** Reads all counters. */
  record ReadCounters() implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return Readings.ofCounters(dataplane);
    }
  }

  /** Reads the whole flow table. */
  record ReadFlows() implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return Readings.ofFlows(dataplane);
    }
  }
}
