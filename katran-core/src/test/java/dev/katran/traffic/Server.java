package dev.katran.traffic;

import dev.katran.AttachMode;
import dev.katran.Decapsulator;
import dev.katran.lab.Host;
import java.util.List;

/** A backend: a host that decapsulates packets and serves the addresses of VIPs. */
final class Server implements AutoCloseable {

  /** The prefixes of IPIP, and for GUE those of all hosts of a lab. */
  private static final String[] SOURCES = {"172.16.0.0/16", "100::/96", "10.0.0.0/16", "fc00::/48"};

  /** Contain the VIPs, which are added to the host later. */
  private static final String[] VIPS = {"203.0.113.0/24", "2001:db8::/32"};

  private final Host host;
  private final Service service;
  private final Decapsulator decapsulator;
  private Listener listener;

  private Server(Host host, Service service, Decapsulator decapsulator) {
    this.host = host;
    this.service = service;
    this.listener = new Listener(host, service);
    this.decapsulator = decapsulator;
  }

  static Server start(Host host, Service service, AttachMode mode) throws Exception {
    return new Server(
        host,
        service,
        host.call(
            () -> Decapsulator.on(Host.INTERFACE).attach(mode).sources(SOURCES).vips(VIPS).open()));
  }

  /** Serves a UDP and a TCP port of an address. */
  void listen(String address, int port) throws Exception {
    listener.listen(address, port);
  }

  /** Ends the service and its connections, as if its process had died. */
  void die() {
    listener.close();
  }

  /** Starts the service again. */
  void revive(List<String> addresses, int port) throws Exception {
    listener = new Listener(host, service);
    for (String address : addresses) {
      listener.listenAgain(address, port);
    }
  }

  Host host() {
    return host;
  }

  Decapsulator decapsulator() {
    return decapsulator;
  }

  /** Returns the number of datagrams received by the service. */
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
