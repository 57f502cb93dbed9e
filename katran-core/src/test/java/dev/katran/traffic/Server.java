package dev.katran.traffic;

import dev.katran.AttachMode;
import dev.katran.Decapsulator;
import dev.katran.lab.Host;

/**
 * A backend: a host that takes encapsulation off, and answers for addresses that are not its own.
 */
final class Server implements AutoCloseable {

  private final Host host;
  private final Listener listener;
  private final Decapsulator decapsulator;

  private Server(Host host, Listener listener, Decapsulator decapsulator) {
    this.host = host;
    this.listener = listener;
    this.decapsulator = decapsulator;
  }

  static Server start(Host host, Service service, AttachMode mode) throws Exception {
    return new Server(
        host,
        new Listener(host, service),
        host.call(() -> Decapsulator.on(Host.INTERFACE).attach(mode).open()));
  }

  /** Answers for an address, at a port, over UDP and TCP. */
  void listen(String address, int port) throws Exception {
    listener.listen(address, port);
  }

  Host host() {
    return host;
  }

  Decapsulator decapsulator() {
    return decapsulator;
  }

  /** How many datagrams have come to the addresses that it answers for. */
  long datagrams() {
    return listener.datagrams();
  }

  @Override
  public void close() {
    listener.close();
    decapsulator.close();
  }

  @Override
  public String toString() {
    return host.name();
  }
}
