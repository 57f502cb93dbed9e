package dev.katran.traffic;

import dev.katran.lab.Host;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/** Sends requests from a host. It accepts replies only from the address it sent the request to. */
final class Client {

  /** The timeout for a reply that must arrive; much longer than one ever takes. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** The timeout for a reply that must not arrive, or whose request is retried. */
  static final Duration IMPATIENCE = Duration.ofMillis(100);

  private final Host host;

  Client(Host host) {
    this.host = host;
  }

  Host host() {
    return host;
  }

  /** Sends a datagram from one of the host's addresses and returns the reply. */
  byte[] udp(InetSocketAddress from, InetSocketAddress to, byte[] datagram) throws Exception {
    return udp(from, to, datagram, PATIENCE)
        .orElseThrow(() -> new SocketTimeoutException("no reply from " + to + " to " + from));
  }

  /** Sends a datagram and returns the reply, or empty if it does not arrive soon. */
  Optional<byte[]> tryUdp(InetSocketAddress from, InetSocketAddress to) throws Exception {
    return udp(from, to, new byte[] {'?'}, IMPATIENCE);
  }

  /** Sends a datagram like {@link #tryUdp} from a port that the kernel chooses. */
  Optional<byte[]> tryUdp(InetSocketAddress to) throws Exception {
    return tryUdp(source(to, 0), to);
  }

  private Optional<byte[]> udp(
      InetSocketAddress from, InetSocketAddress to, byte[] datagram, Duration patience)
      throws Exception {
    return host.call(() -> {
      try (DatagramSocket socket = new DatagramSocket(from)) {
        socket.connect(to);
        socket.setSoTimeout((int) patience.toMillis());
        DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
        socket.send(new DatagramPacket(datagram, datagram.length));
        socket.receive(answer);
        return Optional.of(Arrays.copyOf(answer.getData(), answer.getLength()));
      } catch (SocketTimeoutException e) {
        return Optional.empty();
      }
    });
  }

  /** Opens a connection, sends bytes, and returns all bytes received until the server closes it. */
  byte[] tcp(InetSocketAddress from, InetSocketAddress to, byte[] sent) throws Exception {
    return host.call(() -> {
      try (Socket socket = new Socket()) {
        socket.setReuseAddress(true); // an earlier connection may still be in TIME_WAIT
        socket.bind(from);
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(to, (int) PATIENCE.toMillis());
        Thread writer = Thread.ofPlatform().daemon().start(() -> write(socket, sent));
        byte[] received = socket.getInputStream().readAllBytes();
        writer.join(PATIENCE);
        return received;
      }
    });
  }

  private static void write(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.shutdownOutput();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reports whether an address answers a ping within a timeout. */
  boolean answersPing(InetAddress address, Duration patience) throws Exception {
    return host.call(() -> address.isReachable((int) patience.toMillis()));
  }

  /** Returns a source address of the target's family; port 0 lets the kernel choose one. */
  InetSocketAddress source(InetSocketAddress to, int port) {
    boolean isIpv4 = to.getAddress() instanceof Inet4Address;
    return new InetSocketAddress(isIpv4 ? host.ipv4() : host.ipv6(), port);
  }
}
