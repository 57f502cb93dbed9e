package dev.katran.examples.benchmark;

import dev.katran.Decapsulator;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;

/** A backend that answers every connection, tunnelled or not. */
final class BackendServer implements AutoCloseable {

  private static final int BACKLOG = 1024;

  private final Host host;
  private final Decapsulator decapsulator;
  private final ServerSocketChannel listening;

  private BackendServer(Host host) throws IOException {
    this.host = host;
    this.decapsulator = Decapsulator.on(Host.INTERFACE).open();
    this.listening = ServerSocketChannel.open();
    listening.bind(new InetSocketAddress(FlowFrame.PORT), BACKLOG);
  }

  /** Starts a server on a host with one thread per concurrent client. */
  static BackendServer start(Host host, int threads) throws Exception {
    BackendServer server = host.call(() -> new BackendServer(host));
    for (int i = 0; i < threads; i++) {
      host.start(host.name() + "-" + i, server::serve);
    }
    return server;
  }

  private void serve() {
    while (true) {
      try {
        Exchange.answer(listening.accept());
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        // the client ends the connection with a reset
      }
    }
  }

  InetAddress address() {
    return host.ipv4();
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the server of " + host, e);
    } finally {
      decapsulator.close();
    }
  }
}
