package dev.katran.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Random;

/** Sockets that say something to each other, and check that it arrives. */
final class Traffic {

  private static final int TIMEOUT_MILLIS = 5_000;

  private Traffic() {}

  /** Sends random bytes over TCP and reads them back. */
  static byte[] tcp(Host client, Host server, InetAddress address, int length) throws Exception {
    byte[] sent = random(length);
    try (ServerSocket listener = server.call(() -> new ServerSocket(0, 1, address))) {
      server.start("echo", () -> echo(listener));
      return client.call(() -> {
        try (Socket socket = new Socket()) {
          socket.setSoTimeout(TIMEOUT_MILLIS);
          socket.connect(new InetSocketAddress(address, listener.getLocalPort()), TIMEOUT_MILLIS);
          Thread writer = Thread.ofPlatform().start(() -> write(socket, sent));
          byte[] received = socket.getInputStream().readNBytes(length);
          writer.join();
          return received;
        }
      });
    }
  }

  static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /** Sends one datagram and returns what arrives. */
  static byte[] udp(Host client, Host server, InetAddress address, int length) throws Exception {
    try (DatagramSocket receiver =
        server.call(() -> new DatagramSocket(new InetSocketAddress(address, 0)))) {
      receiver.setSoTimeout(TIMEOUT_MILLIS);
      client.call(() -> {
        try (DatagramSocket sender = new DatagramSocket()) {
          sender.send(new DatagramPacket(random(length), length, receiver.getLocalSocketAddress()));
        }
        return null;
      });
      DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
      receiver.receive(packet);
      return Arrays.copyOf(packet.getData(), packet.getLength());
    }
  }

  private static void echo(ServerSocket listener) {
    try (Socket socket = listener.accept();
        InputStream in = socket.getInputStream()) {
      in.transferTo(socket.getOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
