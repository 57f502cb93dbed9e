package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.control.Restorations;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.RestorationProgram;
import dev.katran.internal.dataplane.RestorationRules;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;

/**
 * Restores the VIP as the source of answers on a backend's host. The way back for balancers that
 * rewrite destinations instead of encapsulating: the client sends to the VIP, the balancer replaces
 * that by the address and port of a server on this host, and the server answers from there. A
 * program on the interface makes the VIP the source of the answer, which then goes to the client
 * directly. The host needs no tunnel and no VIP address, and the server knows of no VIP.
 *
 * {@snippet :
 * try (SourceRestorer restorer =
 *     SourceRestorer.on("eth0").vip(VipKey.tcp("203.0.113.10", 443), "10.0.0.11", 8443).open()) {
 *   server.run();
 * }
 * }
 *
 * <p>What is restored:
 *
 * <ul>
 *   <li>TCP and UDP over IPv4 and IPv6: source address, source port and checksums; also of packets
 *       that the kernel or the network card segments later. UDP over IPv4 without a checksum stays
 *       without.
 *   <li>ICMP errors that this host sends about the clients' packets, such as "port unreachable":
 *       the source, and destination and checksums of the packet that they quote (RFC 5508).
 *   <li>Datagrams that the host sends in fragments: all of them, if the host itself makes the
 *       fragments, which sends the first one first. Others than the first have no ports.
 * </ul>
 *
 * <p>TTL and hop limit stay, and so does the route: it was chosen for the server's own address. All
 * other packets pass unchanged, among them those of connections that the host opens from other
 * ports, and programs and filters of others on the interface see each packet as well.
 *
 * <p><b>Clients that connect to the server's address directly also get answers from the VIP,</b>
 * and do not recognise them: nothing in an answer tells where its request was sent. Give health
 * checks and the like a port of their own, or name their addresses by {@link Builder#except}.
 * Connections within the host do not pass the interface. A VIP of every port needs an address of
 * its own on the host, from which the host opens no connections.
 *
 * <p>The program ends with the process, and answers of open connections then leave with the
 * server's address: open the restorer in the server's process, or in one that outlives it. Before
 * Linux 6.6, a process that is killed leaves the program behind, with its restorations; the next
 * restorer on the same interface takes its place. An interface has one restorer: of several, the
 * last one opened counts.
 *
 * <p>VLANs: open it on the VLAN's interface, such as {@code eth0.100}. Instances are thread-safe.
 *
 * @since 0.1.0
 */
public final class SourceRestorer implements AutoCloseable {

  private final RestorationProgram program;
  private final Restorations restorations;
  private final Ticker.Ticking keeping;

  private SourceRestorer(RestorationProgram program, ImmutableSet<Restoration> installed) {
    this.program = program;
    this.restorations = new Restorations(program, installed, LoadBalancerException::of);
    this.keeping = Ticker.THREADS.start("source restorer", program::refresh);
  }

  /**
   * Configures a source restorer for the packets that leave a network interface.
   *
   * @param interfaceName in the calling thread's network namespace, such as {@code "eth0"}
   */
  public static Builder on(String interfaceName) {
    return new Builder(requireNonNull(interfaceName, "interfaceName"));
  }

  /**
   * Configures and opens a {@link SourceRestorer}. Not thread-safe.
   *
   * @since 0.1.0
   */
  public static final class Builder {

    private final String interfaceName;
    private final ImmutableList.Builder<Restoration> restorations = ImmutableList.builder();
    private ImmutableSet<Prefix> exceptions = ImmutableSet.of();

    private Builder(String interfaceName) {
      this.interfaceName = interfaceName;
    }

    /**
     * Restores a VIP in the packets of a server. Adds to earlier calls.
     *
     * @throws IllegalArgumentException as {@link Restoration#of(VipKey, String, int)}
     */
    public Builder vip(VipKey vip, String address, int port) {
      return restore(Restoration.of(vip, address, port));
    }

    /**
     * Restores a VIP in the packets of a server that has the VIP's port, or every port. Adds to
     * earlier calls.
     *
     * @throws IllegalArgumentException as {@link Restoration#of(VipKey, String)}
     */
    public Builder vip(VipKey vip, String address) {
      return restore(Restoration.of(vip, address));
    }

    /** Adds a restoration to those of earlier calls. */
    public Builder restore(Restoration restoration) {
      restorations.add(restoration);
      return this;
    }

    /**
     * Leaves packets to these destinations unchanged, such as those of health checks, which connect
     * to the server's address. Replaces earlier calls. There must be no clients of VIPs among them.
     *
     * @param cidrs prefixes and addresses, IPv4 and IPv6, at least one
     * @throws IllegalArgumentException if one is malformed, see {@link Prefix#of}, or none is given
     */
    public Builder except(String... cidrs) {
      if (cidrs.length == 0) {
        throw new IllegalArgumentException("exceptions are empty; leave them out to have none");
      }
      this.exceptions = Arrays.stream(cidrs).map(Prefix::of).collect(ImmutableSet.toImmutableSet());
      return this;
    }

    /**
     * Loads and attaches the program. Sources are restored from then on.
     *
     * @throws IllegalArgumentException if the same address, port and protocol is to answer as two
     *     VIPs
     * @throws LoadBalancerException for the same reasons as {@link LoadBalancerBuilder#open}
     */
    public SourceRestorer open() {
      ImmutableSet<Restoration> all = Restorations.distinct(restorations.build());
      RestorationProgram program =
          Assembly.sourceRestorer(
              interfaceName, new RestorationRules(all, exceptions), LoadBalancerException::of);
      try {
        return new SourceRestorer(program, all);
      } catch (RuntimeException | Error e) {
        program.close();
        throw e;
      }
    }
  }

  /**
   * Adds a restoration, in force from the next packet.
   *
   * @return false if it is there already
   * @throws IllegalArgumentException if its address, port and protocol answer as another VIP
   * @throws LimitExceededException if there are 32,768
   * @throws LoadBalancerException if the kernel refuses it
   * @throws IllegalStateException if this is closed
   */
  public boolean put(Restoration restoration) {
    return restorations.put(requireNonNull(restoration, "restoration"));
  }

  /**
   * Removes a restoration: the server's packets leave as they are from then on.
   *
   * @return false if it is not there
   * @throws LoadBalancerException if the kernel refuses it
   * @throws IllegalStateException if this is closed
   */
  public boolean remove(Restoration restoration) {
    return restorations.remove(requireNonNull(restoration, "restoration"));
  }

  /**
   * Installs these restorations and removes all others. All or nothing; packets whose restoration
   * stays are restored meanwhile, too.
   *
   * @return whether anything changed
   * @throws IllegalArgumentException if the same address, port and protocol is to answer as two
   *     VIPs
   * @throws LimitExceededException if there are more than 32,768
   * @throws LoadBalancerException if the kernel refuses one
   * @throws IllegalStateException if this is closed
   */
  public boolean apply(Collection<Restoration> wanted) {
    return restorations.apply(wanted);
  }

  /** Returns the restorations in force; immutable. */
  public Set<Restoration> entries() {
    return restorations.entries();
  }

  /**
   * Returns packets whose source was restored, without ICMP errors. Packets are those on the wire:
   * one that is segmented later counts as its segments. Bytes are those of the frames, here and in
   * the other counters.
   */
  public Count restored() {
    return program.restored();
  }

  /** Returns ICMP errors that were translated. */
  public Count errors() {
    return program.errors();
  }

  /** Returns the restored packets that were fragments of datagrams. */
  public Count fragments() {
    return program.fragments();
  }

  /** Returns packets that were dropped because the kernel had no memory to change them. */
  public Count drops() {
    return program.drops();
  }

  /**
   * Returns whether the program is attached. It is lost when the interface is deleted, or the
   * program is detached from outside, and attached again within a second, or as soon as there is an
   * interface of this name again. The log has one line for each.
   */
  public boolean isAttached() {
    return program.isAttached();
  }

  /** Detaches the program. Does nothing the second time. */
  @Override
  public void close() {
    keeping.close();
    restorations.close();
  }
}
