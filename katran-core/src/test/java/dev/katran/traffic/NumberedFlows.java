package dev.katran.traffic;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/**
 * UDP flows with numbered datagrams, each of which {@link NumberedService} sends back. Few are on
 * the way at a time, so that no queue overflows, however slow the machine is.
 */
final class NumberedFlows implements AutoCloseable {

  private static final int FLOWS = 16;

  /** Datagrams of a flow on the way. */
  private static final int ON_THE_WAY = 4;

  /** After this time, a datagram no longer counts as on the way. Its answer still counts. */
  private static final Duration SLOW = Duration.ofMillis(500);

  private static final Duration PAUSE = Duration.ofMillis(1);
  private static final int LENGTH = 64;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Flow> flows = new ArrayList<>();
  private final List<Move> moves = new ArrayList<>();
  private volatile boolean closed;

  // Guarded by this.
  private boolean isQuiet;
  private long sent;
  private long answered;

  /** A datagram without an answer. The server was that of its flow when it was sent. */
  record Lost(int flow, int number, int server) {}

  /** An answer from another server than the one before. */
  record Move(int flow, int from, int to) {}

  private record Datagram(long time, int server) {}

  private static final class Flow {
    final DatagramChannel channel;
    final Map<Integer, Datagram> unanswered = new TreeMap<>();
    int next;
    int server = -1;
    long lastAnswered = System.nanoTime();

    Flow(DatagramChannel channel) {
      this.channel = channel;
    }
  }

  NumberedFlows(Client client, InetSocketAddress target) throws Exception {
    for (int i = 0; i < FLOWS; i++) {
      DatagramChannel channel = client.host().call(() -> DatagramChannel.open().connect(target));
      channel.configureBlocking(false);
      flows.add(new Flow(channel));
    }
    client.host().start("numbered flows", this::run);
  }

  private void run() {
    try {
      while (!closed) {
        synchronized (this) {
          for (int i = 0; i < FLOWS; i++) {
            receive(i, flows.get(i));
            if (!isQuiet) {
              send(flows.get(i));
            }
          }
        }
        Uninterruptibles.sleepUninterruptibly(PAUSE);
      }
    } finally {
      ended.countDown();
    }
  }

  private void send(Flow flow) {
    long now = System.nanoTime();
    long onTheWay =
        flow.unanswered.values().stream().filter(sent -> now - sent.time < SLOW.toNanos()).count();
    if (onTheWay >= ON_THE_WAY) {
      return;
    }
    ByteBuffer datagram = ByteBuffer.allocate(LENGTH).putInt(flow.next).clear();
    flow.unanswered.put(flow.next, new Datagram(now, flow.server));
    flow.next++;
    sent++;
    try {
      flow.channel.write(datagram);
    } catch (IOException e) {
      // an ICMP error, or no route: the datagram has no answer
    }
  }

  private void receive(int index, Flow flow) {
    ByteBuffer answer = ByteBuffer.allocate(2 * LENGTH);
    try {
      while (flow.channel.read(answer.clear()) > 0) {
        answer.flip();
        int server = answer.get();
        Datagram datagram = flow.unanswered.remove(answer.getInt());
        if (datagram == null) {
          continue; // counted as lost before
        }
        if (flow.server >= 0 && flow.server != server) {
          moves.add(new Move(index, flow.server, server));
        }
        flow.server = server;
        flow.lastAnswered = Math.max(flow.lastAnswered, datagram.time);
        answered++;
      }
    } catch (IOException e) {
      // an ICMP error for an earlier datagram
    }
  }

  /**
   * Sends nothing until {@link #resume}, and waits until all datagrams are answered, but no longer
   * than some time. Returns those that are not.
   */
  List<Lost> quiesce(Duration patience) {
    synchronized (this) {
      isQuiet = true;
    }
    long start = System.nanoTime();
    while (System.nanoTime() - start < patience.toNanos()) {
      synchronized (this) {
        if (flows.stream().allMatch(flow -> flow.unanswered.isEmpty())) {
          return List.of();
        }
      }
      Uninterruptibles.sleepUninterruptibly(PAUSE);
    }
    return takeUnanswered();
  }

  private synchronized List<Lost> takeUnanswered() {
    List<Lost> lost = new ArrayList<>();
    for (int i = 0; i < FLOWS; i++) {
      Flow flow = flows.get(i);
      for (Map.Entry<Integer, Datagram> datagram : flow.unanswered.entrySet()) {
        lost.add(new Lost(i, datagram.getKey(), datagram.getValue().server()));
      }
      flow.unanswered.clear();
    }
    return lost;
  }

  /** Goes on sending. */
  synchronized void resume() {
    isQuiet = false;
  }

  /**
   * Waits until every flow has an answer to a datagram that is sent from now on.
   *
   * @return whether that happened in time
   */
  boolean awaitAnswers(Duration patience) {
    long start = System.nanoTime();
    while (System.nanoTime() - start < patience.toNanos()) {
      synchronized (this) {
        if (flows.stream().allMatch(flow -> flow.lastAnswered - start > 0)) {
          return true;
        }
      }
      Uninterruptibles.sleepUninterruptibly(PAUSE);
    }
    return false;
  }

  /** Returns the flows that changed their server since the last call. */
  synchronized List<Move> takeMoves() {
    List<Move> taken = List.copyOf(moves);
    moves.clear();
    return taken;
  }

  /** Returns the number of datagrams that were sent. */
  synchronized long sent() {
    return sent;
  }

  /** Returns the number of datagrams that were answered. */
  synchronized long answered() {
    return answered;
  }

  @Override
  public void close() {
    closed = true;
    Uninterruptibles.awaitUninterruptibly(ended);
    for (Flow flow : flows) {
      try {
        flow.channel.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
