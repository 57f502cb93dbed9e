package dev.katran.traffic;

import dev.katran.lab.Host;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Sockets of a host that answer for addresses. */
final class Listener implements AutoCloseable {

  /** So small that what is under way always fits the queue of a virtual cable. */
  private static final int RECEIVE_BUFFER = 1 << 16;

  private static final int BACKLOG = 128;
  private static final int LONGEST_DATAGRAM = 65_535;

  private final Host host;
  private final Service service;
  private final List<Closeable> sockets = new CopyOnWriteArrayList<>();
  private final AtomicLong datagrams = new AtomicLong();

  Listener(Host host, Service service) {
    this.host = host;
    this.service = service;
  }

  /** Answers for an address, at a port, over UDP and TCP. */
  void listen(String address, int port) throws Exception {
    host.addLoopbackAddress(address);
    InetSocketAddress local = new InetSocketAddress(InetAddress.ofLiteral(address), port);
    // bound to the address, which so becomes the source of the answers
    DatagramSocket udp = host.call(() -> new DatagramSocket(local));
    sockets.add(udp);
    ServerSocket tcp = host.call(() -> listener(local));
    sockets.add(tcp);
    host.start(host.name() + "-udp-" + port, () -> untilClosed(() -> answer(udp)));
    host.start(host.name() + "-tcp-" + port, () -> untilClosed(() -> accept(tcp)));
  }

  private static ServerSocket listener(InetSocketAddress local) throws IOException {
    ServerSocket listener = new ServerSocket();
    listener.setReceiveBufferSize(RECEIVE_BUFFER);
    listener.bind(local, BACKLOG);
    return listener;
  }

  private interface Task {
    void run() throws IOException;
  }

  /** Runs a task again and again, until it fails because {@link #close} took its socket away. */
  private static void untilClosed(Task task) {
    try {
      while (true) {
        task.run();
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void answer(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[LONGEST_DATAGRAM], LONGEST_DATAGRAM);
    socket.receive(packet);
    datagrams.incrementAndGet();
    byte[] answer = service.answer(Arrays.copyOf(packet.getData(), packet.getLength()));
    try {
      socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
    } catch (IOException e) {
      if (socket.isClosed()) {
        throw e;
      }
      // what an earlier datagram met on its way is told now, or it is too long for the path
    }
  }

  private void accept(ServerSocket listener) throws IOException {
    Socket socket = listener.accept();
    sockets.add(socket);
    Thread.ofPlatform().daemon().start(() -> serve(socket));
  }

  private void serve(Socket socket) {
    try (socket) {
      service.serve(socket.getInputStream(), socket.getOutputStream());
    } catch (IOException e) {
      // the client notices
    } finally {
      sockets.remove(socket);
    }
  }

  /** How many datagrams have come to the addresses that it answers for. */
  long datagrams() {
    return datagrams.get();
  }

  @Override
  public void close() {
    for (Closeable socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
