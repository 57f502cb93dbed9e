package dev.katran.fuzz;

import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Hex;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An operation on a dataplane. */
sealed interface Operation {

  /** The outcome of an operation that returns nothing. */
  Object DONE = "done";

  /** Applies this operation and returns the comparable part of its outcome. */
  Object applyTo(Dataplane dataplane);

  /** Returns simpler operations that may show the same mismatch. */
  default List<Operation> simpler() {
    return List.of();
  }

  private static <T> List<Operation> each(List<T> parts, Function<T, Operation> operation) {
    return parts.stream().map(operation).toList();
  }

  /** Runs the program on a frame. */
  final class RunFrame implements Operation {

    private static final int SHORTEST = 14;

    private static final int NETWORK = 14;

    /** The maximum number of ranges that are zeroed; in a long frame they exceed one byte. */
    private static final int MAX_RANGES = 256;

    private final byte[] frame;

    RunFrame(byte[] frame) {
      this.frame = frame;
    }

    /** Returns the frame. The array must not be modified. */
    byte[] frame() {
      return frame;
    }

    @Override
    public Object applyTo(Dataplane dataplane) {
      return dataplane.program().run(frame);
    }

    /**
     * Returns the first bytes of a frame. The length of its outermost IP header, and of UDP behind
     * that, is reduced as well: the frame would be malformed otherwise.
     */
    private static byte[] shorter(byte[] frame, int cut) {
      byte[] shorter = Arrays.copyOf(frame, frame.length - cut);
      boolean isIpv6 = (frame[12] & 0xff) == 0x86;
      int udp = NETWORK + (isIpv6 ? 40 : 20);
      if (shorter.length < udp) {
        return shorter;
      }
      reduce(shorter, NETWORK + (isIpv6 ? 4 : 2), cut);
      boolean isUdp = frame[NETWORK + (isIpv6 ? 6 : 9)] == 17;
      if (isUdp && shorter.length >= udp + 8) {
        reduce(shorter, udp + 4, cut);
      }
      return shorter;
    }

    private static void reduce(byte[] frame, int offset, int by) {
      ByteBuffer buffer = ByteBuffer.wrap(frame);
      buffer.putShort(offset, (short) (buffer.getShort(offset) - by));
    }

    /**
     * Returns shorter frames, then frames with zeroed ranges; in both, the largest change first.
     */
    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      for (int cut = (frame.length - SHORTEST); cut > 0; cut /= 2) {
        simpler.add(new RunFrame(shorter(frame, cut)));
        simpler.add(new RunFrame(Arrays.copyOf(frame, frame.length - cut)));
      }
      int shortest = Math.ceilDiv(frame.length, MAX_RANGES);
      for (int range = frame.length / 2; range >= shortest; range /= 2) {
        for (int from = 0; from < frame.length; from += range) {
          byte[] zeroed = frame.clone();
          Arrays.fill(zeroed, from, Math.min(from + range, frame.length), (byte) 0);
          if (!Arrays.equals(zeroed, frame)) {
            simpler.add(new RunFrame(zeroed));
          }
        }
      }
      return simpler;
    }

    @Override
    public String toString() {
      return "RunFrame[" + frame.length + " bytes " + Hex.of(frame) + "]";
    }
  }

  /** Loads the program for a set of features. */
  record UseFeatures(Features features) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.program().use(features);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      List<Operation> simpler = new ArrayList<>();
      for (int flags = features.vipFlags(); flags != 0; flags &= flags - 1) {
        int flag = Integer.lowestOneBit(flags);
        simpler.add(without(new Features(flag, false, false)));
      }
      Stream.of(
              new Features(0, true, false),
              new Features(0, false, true),
              new Features(0, false, false, true),
              new Features(0, false, false, false, true, false),
              new Features(0, false, false, false, false, true))
          .filter(one -> features.and(one).equals(features))
          .forEach(one -> simpler.add(without(one)));
      return simpler;
    }

    private UseFeatures without(Features one) {
      return new UseFeatures(
          new Features(
              features.vipFlags() & ~one.vipFlags(),
              features.gue() && !one.gue(),
              features.prefixVips() && !one.prefixVips(),
              features.changes() && !one.changes(),
              features.rewrites() && !one.rewrites(),
              features.directs() && !one.directs()));
    }
  }

  /** Installs or changes a VIP. */
  record PutVip(VipKey key, VipEntry entry) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.vips().put(key, entry);
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
      dataplane.vips().remove(key);
      return DONE;
    }
  }

  /** Enables or disables answers to ICMP echo requests. */
  record AnswerPings(Destination destination, boolean enabled) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.vips().answerPing(destination, enabled);
      return DONE;
    }
  }

  /** Replaces a ring. */
  record PutRing(int vip, Slots slots) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.rings().put(vip, slots.numbers());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(slots.simpler(), simpler -> new PutRing(vip, simpler));
    }
  }

  /** Installs a ring that is being changed; the seed selects the states of its slots. */
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

  /**
   * Sets or removes the deadline of a VIP's changes.
   *
   * @param fromNow null to remove it; otherwise so far in the past or future that it does not
   *     matter when the frames arrive
   */
  record PutDeadline(int vip, @Nullable Duration fromNow) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      if (fromNow == null) {
        dataplane.deadlines().remove(vip);
      } else {
        dataplane.deadlines().put(vip, fromNow);
      }
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return fromNow == null ? List.of() : List.of(new PutDeadline(vip, null));
    }
  }

  /** Removes a ring. */
  record RemoveRing(int vip) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.rings().remove(vip);
      return DONE;
    }
  }

  /** Installs or changes a backend. */
  record PutBackend(int number, BackendEntry entry) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.backends().put(number, entry);
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      Hop gateway = Universe.GATEWAY;
      BackendEntry plain =
          new BackendEntry(
              entry.address(), entry.port(), entry.forwarding(), /* local= */ false, gateway);
      return plain.equals(entry) ? List.of() : List.of(new PutBackend(number, plain));
    }
  }

  /** Removes a backend. */
  record RemoveBackend(int number) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.backends().remove(number);
      return DONE;
    }
  }

  /** Changes the table of server ids. */
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

  /** Changes the table of down backends. */
  record DownBackends(TableEdit<DownKey> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.down());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), DownBackends::new);
    }
  }

  /** Changes the table of sources that answer for VIPs. */
  record Reverse(TableEdit<ReverseKey> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.reverse());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), Reverse::new);
    }
  }

  /** Changes the table of tunnel endpoints. */
  record TunnelEndpoints(TableEdit<InetAddress> edit) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      edit.applyTo(dataplane.tunnelEndpoints());
      return DONE;
    }

    @Override
    public List<Operation> simpler() {
      return each(edit.simpler(), TunnelEndpoints::new);
    }
  }

  /** Looks up a flow and removes it. */
  record RemoveFlow(FiveTuple flow) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      FlowTable.Entry entry = dataplane.flows().get(flow);
      String found =
          entry == null ? "none" : "backend %d, vip %d".formatted(entry.backend(), entry.vip());
      return found + ", removed " + dataplane.flows().remove(flow);
    }
  }

  /** Removes the flows of a backend, of a VIP, or of both; -1 matches any. */
  record RemoveFlows(int backend, int vip) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return dataplane
          .flows()
          .removeIf(entry ->
              (backend < 0 || entry.backend() == backend) && (vip < 0 || entry.vip() == vip));
    }
  }

  /** Resets a counter to zero. */
  record ClearCounter(Counter counter) implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      dataplane.counters().clear(counter);
      return DONE;
    }
  }

  /** Reads all counters. */
  record ReadCounters() implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return Snapshot.ofCounters(dataplane);
    }
  }

  /** Reads the whole flow table. */
  record ReadFlows() implements Operation {
    @Override
    public Object applyTo(Dataplane dataplane) {
      return Snapshot.ofFlows(dataplane);
    }
  }
}
