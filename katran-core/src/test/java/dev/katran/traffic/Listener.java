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

/** The sockets of a host that serve one or more addresses. */
final class Listener implements AutoCloseable {

  /** Small enough that the data in flight always fits the queue of a veth device. */
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

  /** Serves a UDP and a TCP port of an address, which is added to the loopback interface. */
  void listen(String address, int port) throws Exception {
    host.addLoopbackAddress(address);
    listenAgain(address, port);
  }

  /** Serves a UDP and a TCP port of an address that the host has already. */
  void listenAgain(String address, int port) throws Exception {
    InetSocketAddress local = new InetSocketAddress(InetAddress.ofLiteral(address), port);
    // binding to the address makes it the source of the replies
    DatagramSocket udp = host.call(() -> new DatagramSocket(local));
    sockets.add(udp);
    ServerSocket tcp = host.call(() -> listener(local));
    sockets.add(tcp);
    host.start(host.name() + "-udp-" + port, () -> untilClosed(() -> reply(udp)));
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

  /** Repeats a task until {@link #close} closes its socket. */
  private static void untilClosed(Task task) {
    try {
      while (true) {
        task.run();
      }
    } catch (IOException e) {
      // the socket was closed
    }
  }

  private void reply(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[LONGEST_DATAGRAM], LONGEST_DATAGRAM);
    socket.receive(packet);
    datagrams.incrementAndGet();
    byte[] reply = service.reply(Arrays.copyOf(packet.getData(), packet.getLength()));
    try {
      socket.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
    } catch (IOException e) {
      if (socket.isClosed()) {
        throw e;
      }
      // the ICMP error of an earlier datagram, or the reply exceeds the path MTU
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
      // the client detects the broken connection
    } finally {
      sockets.remove(socket);
    }
  }

  /** Returns the number of datagrams received. */
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
