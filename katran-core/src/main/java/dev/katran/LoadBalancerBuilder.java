package dev.katran;

import static java.util.Objects.requireNonNull;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.HookSpec;
import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.net.Addresses;
import dev.katran.internal.net.MacAddress;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Configures and opens a {@link LoadBalancer}. Every setting has a working default. Not
 * thread-safe.
 *
 * @since 0.1.0
 */
public final class LoadBalancerBuilder {

  private static final Duration MIN_CHANGE_WINDOW = Duration.ofSeconds(1);
  private static final Duration MAX_CHANGE_WINDOW = Duration.ofDays(1);
  private static final int MAX_ANSWERS_PER_SECOND = 1_000_000;

  private static final int MAX_INTERFACES = 1 + DataplaneConfig.OwnInterface.MAX_MORE;

  private enum Kind {
    ATTACHED,
    DETACHED,
    IN_MEMORY
  }

  private final Kind kind;
  private final Set<String> interfaces;
  private Limits limits = Limits.defaults();
  private NextHop nextHop = NextHop.auto();
  private final Map<String, AttachMode> attachModes = new HashMap<>();
  private HookSpec hook = new HookSpec.Interface(AttachMode.AUTOMATIC);
  private @Nullable Path pinFolder;
  private Duration adoptWithin = Duration.ZERO;
  private boolean sendPacketTooBig = true;
  private GueConfig gue = GueConfig.NONE;
  private boolean tcpServerIds;
  private TrafficClass trafficClass = TrafficClass.copied();
  private boolean copyDontFragment = true;
  private IpipSources ipipSources = IpipSources.DEFAULT;
  private int answersPerSecond = DataplaneConfig.DEFAULT_ANSWERS_PER_SECOND;
  private boolean acceptForeignMacs;
  private boolean coverHostAddresses;
  private boolean flowTableOnDemand;
  private @Nullable ImmutableList<Prefix> tunnelSources;
  private boolean anyInnerDestination;
  private Decapsulation decapsulation = Decapsulation.OFF;
  private ImmutableList<ForwardingCore> cores = ImmutableList.of();
  private Duration changeWindow = FlowRules.DEFAULT.changeWindow();

  private LoadBalancerBuilder(Kind kind, Set<String> interfaces) {
    this.kind = kind;
    this.interfaces = interfaces;
  }

  static LoadBalancerBuilder attached(String interfaceName, String... more) {
    Set<String> names = new LinkedHashSet<>();
    for (String name : Lists.asList(interfaceName, more)) {
      if (!names.add(requireNonNull(name, "interfaceName"))) {
        throw new IllegalArgumentException("the interface " + name + " is named twice");
      }
    }
    if (names.size() > MAX_INTERFACES) {
      throw new IllegalArgumentException(
          "%d interfaces, but a balancer has at most %d".formatted(names.size(), MAX_INTERFACES));
    }
    return new LoadBalancerBuilder(Kind.ATTACHED, names);
  }

  static LoadBalancerBuilder detached() {
    return new LoadBalancerBuilder(Kind.DETACHED, Set.of());
  }

  static LoadBalancerBuilder inMemory() {
    return new LoadBalancerBuilder(Kind.IN_MEMORY, Set.of());
  }

  /** Sets capacities and the inputs of the flow hash. The default is {@link Limits#defaults}. */
  public LoadBalancerBuilder limits(Limits limits) {
    this.limits = requireNonNull(limits, "limits");
    return this;
  }

  /**
   * Sets how next hops towards backends are found. The default is {@link NextHop#auto()}; a
   * balancer without an interface uses a made-up address then.
   */
  public LoadBalancerBuilder nextHop(NextHop nextHop) {
    this.nextHop = requireNonNull(nextHop, "nextHop");
    return this;
  }

  /** Sets how the program is attached. The default is {@link AttachMode#AUTOMATIC}. */
  public LoadBalancerBuilder attach(AttachMode mode) {
    this.hook = new HookSpec.Interface(requireNonNull(mode, "mode"));
    return this;
  }

  /**
   * Sets how the program is attached to one of several interfaces. The default is that of {@link
   * #attach(AttachMode)}.
   *
   * @throws IllegalArgumentException if the balancer is not on this interface
   */
  public LoadBalancerBuilder attach(String interfaceName, AttachMode mode) {
    if (!interfaces.contains(interfaceName)) {
      throw new IllegalArgumentException(
          "the balancer is on %s, not on %s".formatted(interfaces, interfaceName));
    }
    attachModes.put(interfaceName, requireNonNull(mode, "mode"));
    return this;
  }

  /**
   * Has another program call the balancer by a tail call, instead of attaching it: for hosts where
   * one program on the interface dispatches to those in an array ({@code BPF_MAP_TYPE_PROG_ARRAY}).
   * Packets that are not for a VIP pass to the host as usual, since a tail call does not return.
   *
   * <p>The balancer puts a small program into the element, which must be empty, and takes it out
   * when it is closed; a {@linkplain #pinnedAt pinned} one stays. If it ends without being closed,
   * an element stays that only passes packets, which the next balancer replaces if it has
   * CAP_SYS_ADMIN. It never touches another program. The other program must be loaded before,
   * without support for frames in several buffers (section {@code "xdp.frags"}).
   *
   * @param programArrayPin where the array is pinned in a BPF file system; it is opened again and
   *     again, in case that it is replaced
   * @param index the element, 0 or more
   * @throws IllegalArgumentException if the path is not absolute or the index negative
   */
  public LoadBalancerBuilder tailCallFrom(Path programArrayPin, int index) {
    if (!programArrayPin.isAbsolute()) {
      throw new IllegalArgumentException(
          "the pin of the program array, %s, is not absolute".formatted(programArrayPin));
    }
    if (index < 0) {
      throw new IllegalArgumentException("index %d is negative".formatted(index));
    }
    this.hook = new HookSpec.CalledFrom(programArrayPin, index);
    return this;
  }

  /**
   * Has the balancer share the interface with programs of {@code xdp-loader} and others that use
   * libxdp: a dispatcher on the interface calls them in turn. If there is one, the balancer is
   * added to it, otherwise it brings its own; it is taken out when it is closed, unless it is
   * {@linkplain #pinnedAt pinned}. Packets that it passes go on to the next program.
   *
   * <p>The dispatcher is replaced as a whole and atomically; the programs of others stay as they
   * are. This needs CAP_SYS_ADMIN and CAP_PERFMON, a BPF file system at {@code /sys/fs/bpf} (or
   * {@code LIBXDP_BPFFS}), and a kernel whose programs of type {@code BPF_PROG_TYPE_EXT} may call
   * others by a tail call: Linux 6.2, or 6.1 with updates. Since Linux 6.13 (6.12 with updates),
   * others can only be added or unloaded later by libxdp 1.5.5 or newer.
   *
   * @param priority 0 or more; programs with lower ones are called first. Those of xdp-loader have
   *     50 unless they say otherwise
   * @throws IllegalArgumentException if it is negative
   * @see <a
   *     href="https://github.com/xdp-project/xdp-tools/blob/main/lib/libxdp/protocol.org">libxdp's
   *     protocol</a>
   */
  public LoadBalancerBuilder joinDispatcher(int priority) {
    if (priority < 0) {
      throw new IllegalArgumentException("priority %d is negative".formatted(priority));
    }
    this.hook = new HookSpec.Dispatched(priority);
    return this;
  }

  /**
   * Sets whether the sender of a packet that is too long is told the MTU (ICMP "fragmentation
   * needed", ICMPv6 "packet too big"), so that it sends shorter packets. That is the default;
   * otherwise such packets are dropped silently.
   *
   * <p>A packet is too long if its frame exceeds {@link Limits#maxPacketSize}, or if the packet and
   * the outer headers exceed the MTU on the way to its backend: that of the route or of the egress
   * interface. The outer headers are an IPv4 header of 20 bytes or an IPv6 header of 40, and for
   * GUE another 8 bytes. With {@link NextHop#via} the MTU is unknown, and only {@code
   * maxPacketSize} counts.
   */
  public LoadBalancerBuilder sendPacketTooBig(boolean send) {
    this.sendPacketTooBig = send;
    return this;
  }

  /**
   * Sets the outer source address of {@link Forwarding#gue() GUE} packets to backends of the same
   * family. Call it once per family; a second call for a family replaces the first. With {@link
   * Decapsulation#STRICT}, tunnels to these addresses end here.
   *
   * @param literal IPv4 or IPv6 address, usually one of this host's
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public LoadBalancerBuilder sourceAddress(String literal) {
    return sourceAddress(Addresses.parse("source", literal));
  }

  /**
   * Sets the outer source address of GUE packets, see {@link #sourceAddress(String)}.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified,
   *     loopback, broadcast, multicast or link-local IPv6
   */
  public LoadBalancerBuilder sourceAddress(InetAddress address) {
    this.gue = gue.withSource(Addresses.checkUnicast("source", address));
    return this;
  }

  /**
   * Sets whether TCP packets are routed by the {@linkplain LoadBalancer#serverIds server id} in a
   * TCP option: kind 0xB7, length 6, the id in little-endian byte order, among the first 15
   * options. SYNs never are. The default is off.
   */
  public LoadBalancerBuilder tcpServerIds(boolean on) {
    this.tcpServerIds = on;
    return this;
  }

  /** Sets the traffic class of outer headers. The default is {@link TrafficClass#copied()}. */
  public LoadBalancerBuilder trafficClass(TrafficClass trafficClass) {
    this.trafficClass = requireNonNull(trafficClass, "trafficClass");
    return this;
  }

  /**
   * Sets whether outer IPv4 headers have the DF flag of the packet inside, so that routers do not
   * fragment what its sender does not want fragmented (RFC 2003, section 3.1). IPv6 packets count
   * as having it. The default is on. Switch it off in a fleet with nodes that run the C++ Katran,
   * which never sets DF.
   */
  public LoadBalancerBuilder copyDontFragment(boolean copy) {
    this.copyDontFragment = copy;
    return this;
  }

  /**
   * Sets the prefix of the outer source addresses of IP in IP packets to backends of its family.
   * The rest of an address is computed from the client's address and port, so that receivers spread
   * flows over their queues. The defaults are 172.16.0.0/16 and 100::/96. Choose another prefix if
   * the network between balancer and backends drops these; all addresses in it must be unused.
   *
   * @param cidr an IPv4 prefix of length 16 or an IPv6 prefix of length 96, such as {@code
   *     "10.99.0.0/16"}
   * @throws IllegalArgumentException if it is not such a prefix
   */
  public LoadBalancerBuilder ipipSourcePrefix(String cidr) {
    Prefix prefix = Prefix.of(cidr);
    int bits = prefix.address() instanceof Inet4Address ? IpipSources.BITS_V4 : IpipSources.BITS_V6;
    if (prefix.length() != bits) {
      throw new IllegalArgumentException(
          "IPIP source prefix %s has length %d, must have %d"
              .formatted(prefix, prefix.length(), bits));
    }
    this.ipipSources =
        switch (prefix.address()) {
          case Inet4Address v4 -> ipipSources.withPrefixV4(v4);
          case Inet6Address v6 -> ipipSources.withPrefixV6(v6);
          default -> throw new IllegalArgumentException("neither IPv4 nor IPv6: " + prefix);
        };
    return this;
  }

  /**
   * Sets whether the outer source ports of {@link Forwarding#gue() GUE} packets are in the dynamic
   * range, 49152 to 65535 (RFC 6335), instead of all. Firewalls expect this of clients. The default
   * is off, as in the C++ Katran.
   */
  public LoadBalancerBuilder dynamicGueSourcePorts(boolean on) {
    this.gue = gue.withDynamicSourcePorts(on);
    return this;
  }

  /**
   * Sets how many ICMP errors each CPU sends per second at most, and likewise how many echo replies
   * (RFC 4443, section 2.4(f)). Packets that would have been answered are dropped and {@linkplain
   * Counters#answersLimited counted}. The default is 1000.
   *
   * @param answers 0 to 1,000,000
   * @throws IllegalArgumentException if it is out of range
   */
  public LoadBalancerBuilder answersPerSecond(int answers) {
    if (answers < 0 || answers > MAX_ANSWERS_PER_SECOND) {
      throw new IllegalArgumentException(
          "answers per second %d is not in 0..%d".formatted(answers, MAX_ANSWERS_PER_SECOND));
    }
    this.answersPerSecond = answers;
    return this;
  }

  /**
   * Sets whether frames addressed to other MAC addresses than the interface's own are balanced, for
   * hosts that take over addresses of others, such as with VRRP. By default such frames pass to the
   * host, like all broadcast and multicast frames.
   */
  public LoadBalancerBuilder acceptForeignMacs(boolean accept) {
    this.acceptForeignMacs = accept;
    return this;
  }

  /**
   * Sets whether a VIP of a prefix may contain an address of this host, whose packets are balanced
   * then: those of {@code tcp 10.0.0.0/8:*} take away the host's SSH. By default, such a VIP is
   * refused when it is installed. The addresses of all interfaces count, except for loopback and
   * link-local ones; those that the host gets later are not checked.
   */
  public LoadBalancerBuilder coverHostAddresses(boolean cover) {
    this.coverHostAddresses = cover;
    return this;
  }

  /**
   * Sets whether the flow table is allocated when a VIP first needs it, rather than at open. By
   * default all of its memory, 56 bytes for each of {@link Limits#flowTableSize} entries, is
   * allocated at open, because a host that lacks it should not find out in its first change. Switch
   * it on for balancers that only have VIPs with {@link Tracking#NONE}, which never need the table.
   */
  public LoadBalancerBuilder flowTableOnDemand(boolean onDemand) {
    this.flowTableOnDemand = onDemand;
    return this;
  }

  /**
   * Sets which tunnels end at the balancer. The default is {@link Decapsulation#OFF}. Whatever is
   * set, a tunnel ends here only if its outer source is one of the {@linkplain #tunnelSources
   * tunnel sources}; others are treated like packets without a tunnel. Its inner packet is dropped
   * if it is for no VIP's address, unless {@link #anyInnerDestination} is set.
   */
  public LoadBalancerBuilder decapsulation(Decapsulation decapsulation) {
    this.decapsulation = requireNonNull(decapsulation, "decapsulation");
    return this;
  }

  /**
   * Sets the outer sources whose tunnels may end at the balancer. Anyone who can send from such an
   * address can also send packets that seem to come from any other (CVE-2020-10136), so routers
   * must keep these addresses from outside. The default is the prefixes of {@link
   * #ipipSourcePrefix}: the sources of other balancers' IP in IP packets. Tunnels of GUE need their
   * balancers' addresses.
   *
   * @param cidrs IPv4 and IPv6 prefixes or addresses, at least one
   * @throws IllegalArgumentException if one is not a prefix, or none is given
   */
  public LoadBalancerBuilder tunnelSources(String... cidrs) {
    if (cidrs.length == 0) {
      throw new IllegalArgumentException("tunnel sources are empty; call anyTunnelSource for any");
    }
    this.tunnelSources =
        Arrays.stream(cidrs).map(Prefix::of).distinct().collect(ImmutableList.toImmutableList());
    return this;
  }

  /** Lets tunnels from any outer source end at the balancer, see {@link #tunnelSources}. */
  public LoadBalancerBuilder anyTunnelSource() {
    this.tunnelSources = ImmutableList.of();
    return this;
  }

  /**
   * Sets whether the host gets packets from tunnels that are for no VIP's address. By default they
   * are dropped and {@linkplain Counters#refused counted}.
   */
  public LoadBalancerBuilder anyInnerDestination(boolean accept) {
    this.anyInnerDestination = accept;
    return this;
  }

  /**
   * Sets the cores that forward, for hosts that pin receive queues to cores. Each gets a flow table
   * that no other core touches, an equal part of {@link Limits#flowTableSize}, so a flow is known
   * only on the core on which it began. All other cores share one more table of that size, whose
   * use is counted. By default all cores share one table, which is as fast: this is for memory on
   * the core's NUMA node.
   *
   * @throws IllegalArgumentException if a core is named twice
   */
  public LoadBalancerBuilder forwardingCores(ForwardingCore... cores) {
    if (Arrays.stream(cores).map(ForwardingCore::cpu).distinct().count() < cores.length) {
      throw new IllegalArgumentException("duplicate core in " + Arrays.toString(cores));
    }
    this.cores = ImmutableList.copyOf(cores);
    return this;
  }

  /**
   * Sets how long unknown flows of a slot count as open after the slot got another backend, see
   * {@link Tracking#ADAPTIVE}. Every open flow that sends at least one packet in this time stays at
   * its backend. A VIP may set {@linkplain Vip.Builder#changeWindow a window of its own}. The
   * default is three minutes, more than twice the 75 seconds for which nginx keeps idle connections
   * open.
   *
   * @param window 1 second to 1 day
   * @throws IllegalArgumentException if it is out of range
   */
  public LoadBalancerBuilder changeWindow(Duration window) {
    if (window.compareTo(MIN_CHANGE_WINDOW) < 0 || window.compareTo(MAX_CHANGE_WINDOW) > 0) {
      throw new IllegalArgumentException(
          "change window %s is not in %s..%s"
              .formatted(window, MIN_CHANGE_WINDOW, MAX_CHANGE_WINDOW));
    }
    this.changeWindow = window;
    return this;
  }

  /**
   * Sets the UDP port of GUE, both towards backends and of tunnels that end here. The default is
   * 6080.
   *
   * @param port 1 to 65535
   * @throws IllegalArgumentException if it is out of range
   */
  public LoadBalancerBuilder guePort(int port) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("GUE port " + port + " is not in 1..65535");
    }
    this.gue = gue.withPort(port);
    return this;
  }

  /**
   * Has the balancer outlive its process: the program, its link to the interface and all tables are
   * pinned in a folder of a BPF file system. Packets are forwarded when the process has ended,
   * however it ended; the next one that opens a balancer with this folder continues where the last
   * one was, open flows and counters included, see {@link LoadBalancer#adopted}. The limits, and
   * the {@linkplain #forwardingCores forwarding cores}, must be the same; all other settings may
   * differ.
   *
   * <p>A folder belongs to one process at a time. {@link LoadBalancer#close} lets go of it, {@link
   * LoadBalancer#uninstall} removes it. It needs no more capabilities than a balancer without it,
   * but write access to the BPF file system, which is usually mounted at {@code /sys/fs/bpf}. The
   * folder is lost when the host restarts.
   *
   * @param folder an absolute path; created, with mode 0700, if it is missing. Its parent must
   *     exist
   * @throws IllegalArgumentException if the path is not absolute
   * @throws IllegalStateException if the balancer is in memory
   * @see <a href="https://docs.kernel.org/bpf/libbpf/libbpf_overview.html">libbpf overview</a>
   */
  public LoadBalancerBuilder pinnedAt(Path folder) {
    if (!folder.isAbsolute()) {
      throw new IllegalArgumentException("the folder of pins " + folder + " is not absolute");
    }
    if (kind == Kind.IN_MEMORY) {
      throw new IllegalStateException(
          "a balancer in memory ends with its process; it cannot be pinned at " + folder);
    }
    this.pinFolder = folder;
    return this;
  }

  /**
   * Sets how long {@link #open} waits if another process owns the folder of {@link #pinnedAt}. That
   * process learns that it is asked, see {@link LoadBalancer#handOverRequested}. The default is not
   * to wait.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public LoadBalancerBuilder adoptWithin(Duration wait) {
    if (wait.isNegative()) {
      throw new IllegalArgumentException("the time to adopt a balancer, " + wait + ", is negative");
    }
    this.adoptWithin = wait;
    return this;
  }

  /**
   * Opens the balancer. It has no VIPs yet, so that all packets pass, unless it continues one that
   * is {@linkplain #pinnedAt pinned}.
   *
   * @throws IllegalStateException if {@link #tailCallFrom} or {@link #joinDispatcher} is set for
   *     several interfaces
   * @throws UnknownInterfaceException if the interface does not exist
   * @throws InterfaceDownException if it is down
   * @throws XdpHookBusyException if another XDP program is attached to it, or in the element of
   *     {@link #tailCallFrom}
   * @throws MissingCapabilityException if the process may not load or attach programs
   * @throws UnsupportedKernelException if this is not Linux, or the kernel is too old
   * @throws LibbpfException if libbpf is missing, older than 1.0, or may not be called
   * @throws OutOfResourcesException if the process has too few file descriptors left, or the kernel
   *     too little memory for the tables
   * @throws IllegalArgumentException if this machine can have no such {@linkplain #forwardingCores
   *     forwarding core} or has no such NUMA node
   * @throws LoadBalancerException if the kernel refuses for another reason
   */
  public LoadBalancer open() {
    Assembly assembly = new Assembly(config(), fixedNextHop(), LoadBalancerException::of);
    return new LoadBalancer(
        switch (kind) {
          case IN_MEMORY -> assembly.inMemory();
          case DETACHED -> assembly.detached(pins());
          case ATTACHED ->
              assembly.attached(hooks(), pins(), acceptForeignMacs, coverHostAddresses);
        });
  }

  private ImmutableMap<String, HookSpec> hooks() {
    if (interfaces.size() > 1 && !(hook instanceof HookSpec.Interface)) {
      throw new IllegalStateException(
          "a balancer on several interfaces, %s, is attached to each; it cannot be called by other programs"
              .formatted(interfaces));
    }
    ImmutableMap.Builder<String, HookSpec> hooks = ImmutableMap.builder();
    for (String name : interfaces) {
      AttachMode mode = attachModes.get(name);
      hooks.put(name, mode == null ? hook : new HookSpec.Interface(mode));
    }
    return hooks.buildOrThrow();
  }

  private Assembly.@Nullable Pins pins() {
    return pinFolder == null ? null : new Assembly.Pins(pinFolder, adoptWithin);
  }

  private @Nullable MacAddress fixedNextHop() {
    return nextHop instanceof NextHop.Via via ? via.mac() : null;
  }

  private DataplaneConfig config() {
    return new DataplaneConfig(
        limits,
        sendPacketTooBig,
        gue,
        trafficClass,
        tcpServerIds,
        decapsulation,
        cores.stream()
            .map(core -> new DataplaneConfig.FlowTableCpu(core.cpu(), core.numaNode()))
            .collect(ImmutableList.toImmutableList()),
        FlowRules.DEFAULT.withChangeWindow(changeWindow),
        FlowSecret.random(),
        copyDontFragment,
        ipipSources,
        answersPerSecond,
        tunnelSources == null ? ipipSources.prefixes() : tunnelSources,
        /* innerVipsOnly= */ !anyInnerDestination,
        /* reservesFlowTable= */ !flowTableOnDemand,
        /* own= */ null,
        /* moreOwn= */ ImmutableList.of(),
        /* hasInterfaces= */ interfaces.size() > 1);
  }
}
