package dev.katran.traffic;

import com.google.common.util.concurrent.Uninterruptibles;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Sends datagrams of many flows to a target, some ten thousand per second, until it is closed. */
final class Datagrams implements AutoCloseable {

  private static final int FLOWS = 64;

  /** The datagrams that are sent before a pause. Queues have room for as many. */
  private static final int BURST = 32;

  private final AtomicLong sent = new AtomicLong();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final InetSocketAddress target;
  private volatile boolean closed;

  Datagrams(Client client, InetSocketAddress target) {
    this.target = target;
    client.host().start("datagrams", this::send);
  }

  private void send() {
    List<DatagramChannel> flows = new ArrayList<>();
    try {
      for (int i = 0; i < FLOWS; i++) {
        flows.add(DatagramChannel.open().connect(target));
      }
      ByteBuffer content = ByteBuffer.wrap(Service.content(64));
      for (int number = 0; !closed; number++) {
        flows.get(number % FLOWS).write(content.rewind());
        sent.incrementAndGet();
        if (number % BURST == 0) {
          Thread.sleep(1);
        }
      }
      for (DatagramChannel flow : flows) {
        flow.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException("cannot send datagram " + sent, e);
    } finally {
      ended.countDown();
    }
  }

  /** Returns the number of datagrams that were sent. */
  long sent() {
    return sent.get();
  }

  /** Stops sending and returns the number of datagrams that were sent. */
  long stop() {
    closed = true;
    Uninterruptibles.awaitUninterruptibly(ended);
    return sent.get();
  }

  @Override
  public void close() {
    stop();
  }
}
