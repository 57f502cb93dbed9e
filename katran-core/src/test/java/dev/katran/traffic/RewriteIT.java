package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Traffic with a server that is reached without a tunnel, and comes back through the balancer. The
 * kernels of client and server verify all checksums.
 */
@NeedsKernel
class RewriteIT {

  private static final int PORT = 80;
  private static final int SERVER_PORT = 8080;
  private static final int CLOSED_PORT = 9;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final int ATTEMPTS = 10;

  private OneArm network;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    network = new OneArm();
    lb = network.open();
  }

  @AfterEach
  void close() {
    lb.close();
    network.close();
  }

  @ParameterizedTest
  @CsvSource({
    OneArm.VIP_V4 + "," + OneArm.SERVER_V4 + "," + OneArm.CLIENT_V4,
    OneArm.VIP_V6 + "," + OneArm.SERVER_V6 + "," + OneArm.CLIENT_V6,
  })
  void rewrite_serverThatKnowsNoVip_answersThroughTheBalancer(
      String vip, String server, String client) throws Exception {
    put(Protocol.TCP, vip, Backend.of(server).port(SERVER_PORT).via(Forwarding.rewrite()));
    put(Protocol.UDP, vip, Backend.of(server).port(SERVER_PORT).via(Forwarding.rewrite()));
    serve(server, SERVER_PORT);
    InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(vip), PORT);

    byte[] sent = Service.content(3_000_000);
    assertThat(tcp(target, sent)).isEqualTo(sent);
    for (int length : new int[] {1, 2, 1000, 1400}) {
      byte[] datagram = Service.content(length);
      assertThat(udp(target, datagram)).isEqualTo(datagram);
    }

    assertThat(network.wrongPackets()).isZero();
    // SYN, data and acknowledgements one way, the other way data and acknowledgements
    assertThat(lb.counters().sent().bytes()).isGreaterThan(6_000_000);
  }

  /** The server's kernel refuses a datagram; the client's finds its own datagram quoted. */
  @ParameterizedTest
  @CsvSource({
    OneArm.VIP_V4 + "," + OneArm.SERVER_V4,
    OneArm.VIP_V6 + "," + OneArm.SERVER_V6,
  })
  void rewrite_closedPort_clientLearnsOfIt(String vip, String server) throws Exception {
    put(Protocol.UDP, vip, Backend.of(server).port(CLOSED_PORT).via(Forwarding.rewrite()));
    InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(vip), PORT);

    assertThatExceptionOfType(PortUnreachableException.class)
        .isThrownBy(() -> udp(target, new byte[] {1}));
    assertThat(network.wrongPackets()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    OneArm.VIP_V4 + "," + OneArm.SERVER_V4 + ", 32",
    OneArm.VIP_V6 + "," + OneArm.SERVER_V6 + ", 128",
  })
  void direct_serverWithTheVipOnItsLoopback_answers(String vip, String server, int length)
      throws Exception {
    network.addToLoopbackOfServer(vip + "/" + length);
    put(Protocol.TCP, vip, Backend.of(server).via(Forwarding.direct()));
    put(Protocol.UDP, vip, Backend.of(server).via(Forwarding.direct()));
    serve(vip, PORT);
    InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(vip), PORT);

    byte[] sent = Service.content(3_000_000);
    assertThat(tcp(target, sent)).isEqualTo(sent);
    assertThat(udp(target, new byte[] {1, 2, 3})).isEqualTo(new byte[] {1, 2, 3});
    assertThat(network.wrongPackets()).isZero();
  }

  private void put(Protocol protocol, String vip, Backend backend) {
    VipKey key = VipKey.of(protocol, InetAddress.ofLiteral(vip), PORT);
    lb.put(Vip.of(key).backends(backend).build());
  }

  /** Echoes a connection and datagrams. */
  private void serve(String address, int port) throws Exception {
    InetAddress local = InetAddress.ofLiteral(address);
    ServerSocket listener = network.server().call(() -> new ServerSocket(port, 50, local));
    DatagramSocket socket = network.server().call(() -> new DatagramSocket(port, local));
    network
        .server()
        .start(
            "echo tcp",
            () -> {
              try (listener;
                  Socket connection = listener.accept()) {
                connection.getInputStream().transferTo(connection.getOutputStream());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    network
        .server()
        .start(
            "echo udp",
            () -> {
              byte[] buffer = new byte[65_535];
              try (socket) {
                while (!Thread.interrupted()) {
                  DatagramPacket datagram = new DatagramPacket(buffer, buffer.length);
                  socket.receive(datagram);
                  socket.send(datagram);
                }
              } catch (IOException e) {
                // the test is over
              }
            });
  }

  private byte[] tcp(InetSocketAddress target, byte[] sent) throws Exception {
    return network
        .client()
        .call(() -> {
          try (Socket socket = new Socket()) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            socket.connect(target, (int) PATIENCE.toMillis());
            Thread writer =
                Thread.ofPlatform()
                    .daemon()
                    .start(() -> {
                      try {
                        socket.getOutputStream().write(sent);
                        socket.shutdownOutput();
                      } catch (IOException e) {
                        throw new UncheckedIOException(e);
                      }
                    });
            byte[] received = socket.getInputStream().readAllBytes();
            writer.join(PATIENCE);
            return received;
          }
        });
  }

  /** A datagram may be lost while hosts resolve each other. */
  private byte[] udp(InetSocketAddress target, byte[] datagram) throws Exception {
    return network
        .client()
        .call(() -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(target);
            socket.setSoTimeout((int) RETRY.toMillis());
            DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
              socket.send(new DatagramPacket(datagram, datagram.length));
              try {
                socket.receive(answer);
                return Arrays.copyOf(answer.getData(), answer.getLength());
              } catch (SocketTimeoutException e) {
                // sent again
              }
            }
            throw new SocketTimeoutException("no answer from " + target);
          }
        });
  }
}
