package dev.katran;

import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.DownKey;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.FlowTable;
import dev.katran.dataplane.NumberTable;
import dev.katran.dataplane.RingSlots;
import dev.katran.dataplane.VipEntry;
import java.net.InetAddress;

/** A dataplane whose writes fail from a given one on, but for those that undo. */
final class FailingDataplane implements Dataplane {

  /** What a failed write throws. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Failure(String write) {
      super(write);
    }
  }

  private final Dataplane delegate;
  private int writesLeft = Integer.MAX_VALUE;

  FailingDataplane(Dataplane delegate) {
    this.delegate = delegate;
  }

  /** Lets so many writes through, fails the next one, and lets all others through again. */
  void failAfter(int writes) {
    writesLeft = writes;
  }

  /** Whether a write has failed since {@link #failAfter}. */
  boolean hasFailed() {
    return writesLeft < 0;
  }

  private void write(String what) {
    if (writesLeft >= 0 && writesLeft-- == 0) {
      throw new Failure(what);
    }
  }

  @Override
  public void together(Runnable changes) {
    delegate.together(changes);
  }

  @Override
  public void putVip(VipKey key, VipEntry entry) {
    write("putVip");
    delegate.putVip(key, entry);
  }

  @Override
  public void removeVip(VipKey key) {
    write("removeVip");
    delegate.removeVip(key);
  }

  @Override
  public void answerPing(Destination destination, boolean answer) {
    write("answerPing");
    delegate.answerPing(destination, answer);
  }

  @Override
  public void putRing(int vip, RingSlots ring) {
    write("putRing");
    delegate.putRing(vip, ring);
  }

  @Override
  public void markRing(int vip, RingSlots ring) {
    delegate.markRing(vip, ring);
  }

  @Override
  public void removeRing(int vip) {
    write("removeRing");
    delegate.removeRing(vip);
  }

  @Override
  public void putBackend(int number, BackendEntry entry) {
    write("putBackend");
    delegate.putBackend(number, entry);
  }

  @Override
  public void removeBackend(int number) {
    write("removeBackend");
    delegate.removeBackend(number);
  }

  @Override
  public void use(Features features) {
    delegate.use(features);
  }

  @Override
  public NumberTable<Integer> serverIds() {
    return delegate.serverIds();
  }

  @Override
  public NumberTable<Prefix> sourceRoutes() {
    return delegate.sourceRoutes();
  }

  @Override
  public NumberTable<DownKey> down() {
    return delegate.down();
  }

  @Override
  public NumberTable<InetAddress> tunnelEnds() {
    return delegate.tunnelEnds();
  }

  @Override
  public FlowTable flows() {
    return delegate.flows();
  }

  @Override
  public long newFlows() {
    return delegate.newFlows();
  }

  @Override
  public int quicInvalidIdSample() {
    return delegate.quicInvalidIdSample();
  }

  @Override
  public Count count(Counter counter) {
    return delegate.count(counter);
  }

  @Override
  public void clear(Counter counter) {
    delegate.clear(counter);
  }

  @Override
  public Simulation run(byte[] frame) {
    return delegate.run(frame);
  }

  @Override
  public Footprint footprint() {
    return delegate.footprint();
  }

  @Override
  public void close() {
    delegate.close();
  }
}
