package dev.katran;

import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import java.net.InetAddress;
import java.util.function.Supplier;

/**
 * What a balancer has counted since it was opened. Each method reads the counter when it is called,
 * straight from the memory that the program counts in; nothing is stopped for it, so that counts
 * read one after another may differ by the packets that came in between.
 */
public final class Counters {

  private final Dataplane dataplane;
  private final Supplier<State> state;

  Counters(Dataplane dataplane, Supplier<State> state) {
    this.dataplane = dataplane;
    this.state = state;
  }

  /** All frames that came in; bytes are those of the frames as they arrived. */
  public Count total() {
    return sent().plus(dropped()).plus(passed());
  }

  /** Frames that were sent, to backends or as answers; bytes as they arrived. */
  public Count sent() {
    return dataplane.count(Counter.Total.TX);
  }

  /** Frames that were discarded; bytes as they arrived. */
  public Count dropped() {
    return dataplane.count(Counter.Total.DROP);
  }

  /** Frames that were left to the host; bytes as they arrived. */
  public Count passed() {
    return dataplane.count(Counter.Total.PASS);
  }

  /**
   * Packets to a VIP that were sent to one of its backends, since the VIP was installed; bytes are
   * the IPv4 total length, or the IPv6 payload length.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   */
  public Count vip(Vip vip) {
    return vip(vip.key());
  }

  /** The same, for whoever has only the key. */
  public Count vip(VipKey key) {
    State.Installed installed = state.get().vips().get(key);
    if (installed == null) {
      throw new IllegalArgumentException(key + " is not installed");
    }
    return dataplane.count(new Counter.OfVip(installed.number()));
  }

  /**
   * Packets that were sent to a backend, of all VIPs that it serves, since it came to serve the
   * first of them; bytes as for a VIP.
   *
   * @throws IllegalArgumentException if the backend serves no VIP
   */
  public Count backend(Backend backend) {
    return backend(backend.address());
  }

  /** The same, for whoever has only the address. */
  public Count backend(InetAddress address) {
    State.InstalledBackend installed = state.get().backends().get(address);
    if (installed == null) {
      throw new IllegalArgumentException("no VIP has the backend " + Addresses.text(address));
    }
    return dataplane.count(new Counter.OfBackend(installed.number()));
  }
}
