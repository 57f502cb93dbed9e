package dev.katran.ffm.net;

import static java.util.stream.Collectors.groupingBy;

import dev.katran.ffm.Errno;
import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.tcmsg;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads and changes the BPF classifiers on interfaces' egress, see tc-bpf(8), through rtnetlink(7).
 * Its network namespace is that of the thread that calls {@link #open}, even if other threads use
 * the object afterwards.
 *
 * <p>The filters are in a qdisc named {@code clsact}. They run in the order of their priorities,
 * until one returns another verdict than {@code TC_ACT_UNSPEC}. They stay when the process ends.
 *
 * <p>Reading needs no privilege; changes need CAP_NET_ADMIN. Operations that fail throw {@link
 * NetworkException}.
 *
 * @since 0.1.0
 */
public final class TrafficControl implements AutoCloseable {

  private static final String CLSACT = "clsact";
  private static final String BPF = "bpf";

  private static final int MAJOR = 0xffff0000;
  private static final int HOOK = LibC.TC_H_CLSACT();
  private static final int EGRESS = (LibC.TC_H_CLSACT() & MAJOR) | LibC.TC_H_MIN_EGRESS();

  /** ETH_P_ALL in network byte order; the library only runs on little-endian machines. */
  private static final int ALL_PROTOCOLS = Short.reverseBytes((short) LibC.ETH_P_ALL()) & 0xffff;

  private static final int PRIORITY_SHIFT = 16;

  /** The lowest priority of a filter that a user may choose, which runs first. */
  private static final int FIRST_PRIORITY = 1;

  private static final int MAX_PRIORITY = 0xffff;

  private final Netlink netlink;

  private TrafficControl(Netlink netlink) {
    this.netlink = netlink;
  }

  /** Opens a socket in the calling thread's network namespace. */
  public static TrafficControl open() {
    return new TrafficControl(Netlink.open());
  }

  /**
   * A BPF classifier.
   *
   * @param priority 1 to 65535; those with a lower one run first
   * @param handle identifies it among those of its priority
   * @param programId the kernel's id of the program, greater than 0
   * @param name the name given to the filter when it was added; may be empty
   */
  public record Filter(int priority, int handle, int programId, String name) {}

  /**
   * Creates the clsact qdisc of an interface, if it has none.
   *
   * @throws NetworkException with ENODEV if there is no such interface; with EBUSY if it has an
   *     {@code ingress} qdisc, which takes the same place
   */
  public void createClsact(int ifindex) {
    String operation = "create the clsact qdisc of interface " + ifindex;
    Optional<String> there = hook(ifindex);
    if (there.isEmpty()) {
      try {
        netlink.exchange(clsact(ifindex), operation);
        return;
      } catch (NetworkException e) {
        there = hook(ifindex);
        if (e.errno() != Errno.EEXIST || there.isEmpty()) {
          throw e;
        }
      }
    }
    if (!there.get().equals(CLSACT)) {
      throw new NetworkException(
          operation,
          Errno.EBUSY,
          "it has a qdisc of kind %s, which has no egress; remove that first"
              .formatted(there.get()));
    }
  }

  private static NetlinkRequest clsact(int ifindex) {
    NetlinkRequest request =
        new NetlinkRequest(LibC.RTM_NEWQDISC(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL());
    fill(request, ifindex, HOOK, HOOK & MAJOR, 0);
    return request.string(LibC.TCA_KIND(), CLSACT);
  }

  /** Returns the kind of the qdisc that is not for queueing, if an interface has one. */
  private Optional<String> hook(int ifindex) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_GETQDISC(), LibC.NLM_F_DUMP());
    fill(request, ifindex, 0, 0, 0);
    return netlink.exchange(request, "list the qdiscs of interface " + ifindex).stream()
        .map(reply -> new NetlinkReply(reply, tcmsg.layout()))
        .filter(reply ->
            tcmsg.tcm_ifindex(reply.struct()) == ifindex
                && tcmsg.tcm_parent(reply.struct()) == HOOK)
        .map(reply -> reply.string(LibC.TCA_KIND()))
        .findFirst();
  }

  /** Returns the BPF classifiers on an interface's egress; none if there is no such interface. */
  public List<Filter> egressFilters(int ifindex) {
    return replies(ifindex).stream()
        .filter(TrafficControl::isBpf)
        .map(reply -> {
          NetlinkReply options = reply.nest(LibC.TCA_OPTIONS());
          return new Filter(
              priority(reply),
              tcmsg.tcm_handle(reply.struct()),
              options.int32(LibC.TCA_BPF_ID(), 0),
              options.string(LibC.TCA_BPF_NAME()));
        })
        .filter(filter -> filter.programId() != 0)
        .toList();
  }

  /**
   * Adds a BPF classifier, which sees packets of all protocols and whose result is the verdict. It
   * runs before all others, as far as priorities allow.
   *
   * @param programFd the descriptor of a program for classifiers
   * @param programId its id
   * @param name what to find it by; at most 200 characters
   */
  public Filter addEgress(int ifindex, int programFd, int programId, String name) {
    NetlinkRequest request =
        new NetlinkRequest(LibC.RTM_NEWTFILTER(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL());
    fill(request, ifindex, EGRESS, 0, freePriority(ifindex));
    netlink.exchange(program(request, programFd, name), "add a BPF filter to interface " + ifindex);
    return egressFilters(ifindex).stream()
        .filter(filter -> filter.programId() == programId && filter.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new NetworkException(
                "find the BPF filter of interface " + ifindex,
                Errno.ENOENT,
                "it was removed as soon as it was added"));
  }

  /** Replaces the program of a filter: every packet is seen by one or the other. */
  public Filter replaceEgress(int ifindex, Filter filter, int programFd, int programId) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_NEWTFILTER(), LibC.NLM_F_CREATE());
    fill(request, ifindex, EGRESS, filter.handle(), filter.priority());
    netlink.exchange(
        program(request, programFd, filter.name()), "replace a BPF filter of interface " + ifindex);
    return new Filter(filter.priority(), filter.handle(), programId, filter.name());
  }

  /** Removes a filter. */
  public void removeEgress(int ifindex, Filter filter) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_DELTFILTER(), 0);
    fill(request, ifindex, EGRESS, filter.handle(), filter.priority());
    netlink.exchange(
        request.string(LibC.TCA_KIND(), BPF), "remove a BPF filter of interface " + ifindex);
  }

  /**
   * Returns the lowest priority that a BPF filter for all protocols may have: the filters of a
   * priority are of one kind and one protocol.
   */
  private int freePriority(int ifindex) {
    Map<Integer, List<NetlinkReply>> taken =
        replies(ifindex).stream().collect(groupingBy(TrafficControl::priority));
    int priority = FIRST_PRIORITY;
    while (priority < MAX_PRIORITY
        && !taken.getOrDefault(priority, List.of()).stream().allMatch(TrafficControl::isForAll)) {
      priority++;
    }
    return priority;
  }

  private List<NetlinkReply> replies(int ifindex) {
    NetlinkRequest request = new NetlinkRequest(LibC.RTM_GETTFILTER(), LibC.NLM_F_DUMP());
    fill(request, ifindex, EGRESS, 0, 0);
    return netlink.exchange(request, "list the filters of interface " + ifindex).stream()
        .map(reply -> new NetlinkReply(reply, tcmsg.layout()))
        .toList();
  }

  private static boolean isBpf(NetlinkReply reply) {
    return reply.string(LibC.TCA_KIND()).equals(BPF);
  }

  private static boolean isForAll(NetlinkReply reply) {
    return isBpf(reply) && (tcmsg.tcm_info(reply.struct()) & 0xffff) == ALL_PROTOCOLS;
  }

  private static int priority(NetlinkReply reply) {
    return tcmsg.tcm_info(reply.struct()) >>> PRIORITY_SHIFT;
  }

  private static void fill(
      NetlinkRequest request, int ifindex, int parent, int handle, int priority) {
    MemorySegment message = request.struct(tcmsg.layout());
    tcmsg.tcm_ifindex(message, ifindex);
    tcmsg.tcm_parent(message, parent);
    tcmsg.tcm_handle(message, handle);
    if (priority != 0) {
      tcmsg.tcm_info(message, priority << PRIORITY_SHIFT | ALL_PROTOCOLS);
    }
  }

  private static NetlinkRequest program(NetlinkRequest request, int programFd, String name) {
    return request
        .string(LibC.TCA_KIND(), BPF)
        .nest(
            LibC.TCA_OPTIONS(),
            options ->
                options
                    .int32(LibC.TCA_BPF_FD(), programFd)
                    .string(LibC.TCA_BPF_NAME(), name)
                    .int32(LibC.TCA_BPF_FLAGS(), LibC.TCA_BPF_FLAG_ACT_DIRECT()));
  }

  @Override
  public void close() {
    netlink.close();
  }
}
