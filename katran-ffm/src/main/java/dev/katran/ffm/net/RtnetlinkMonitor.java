package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ifinfomsg;
import dev.katran.ffm.generated.libc.ndmsg;
import dev.katran.ffm.generated.libc.nlmsghdr;
import dev.katran.ffm.generated.libc.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports what changes in a network namespace: interfaces, neighbours and routes, through the
 * multicast groups of rtnetlink(7).
 *
 * <p>A daemon thread receives the events and passes them to a listener one by one, in the kernel's
 * order. It inherits the network namespace of the thread that opens the monitor, so the listener
 * may use that namespace. Whatever changes after {@link #open} has returned is reported: read the
 * state <em>after</em> opening the monitor. Needs no privilege.
 *
 * <p>A listener that is slow loses events, but learns of it ({@link NetworkEvent.EventsLost}).
 *
 * @since 0.1.0
 */
public final class RtnetlinkMonitor implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RtnetlinkMonitor.class);

  /** The kernel sends no larger datagram unless a single object is larger. */
  private static final int BUFFER_SIZE = 64 * 1024;

  /** How long {@link #close} waits for a listener. */
  private static final Duration LAST_EVENT = Duration.ofSeconds(1);

  private static final List<Integer> ROUTE_MESSAGES =
      List.of(
          LibC.RTM_NEWROUTE(),
          LibC.RTM_DELROUTE(),
          LibC.RTM_NEWRULE(),
          LibC.RTM_DELRULE(),
          LibC.RTM_NEWNEXTHOP(),
          LibC.RTM_DELNEXTHOP());

  /**
   * What a monitor reports. New constants may be added.
   *
   * @since 0.1.0
   */
  @SuppressWarnings("ImmutableEnumChecker") // the array is never written
  public enum Topic {
    /** Interfaces: {@link NetworkEvent.LinkChanged} and {@link NetworkEvent.LinkDeleted}. */
    LINKS(LibC.RTNLGRP_LINK()),
    /**
     * Neighbours of IPv4 and IPv6: {@link NetworkEvent.NeighbourChanged} and {@link
     * NetworkEvent.NeighbourDeleted}.
     */
    NEIGHBOURS(LibC.RTNLGRP_NEIGH()),
    /**
     * Routes, policy rules and next hop objects of IPv4 and IPv6: {@link
     * NetworkEvent.RoutesChanged}.
     */
    ROUTES(
        LibC.RTNLGRP_IPV4_ROUTE(),
        LibC.RTNLGRP_IPV6_ROUTE(),
        LibC.RTNLGRP_IPV4_RULE(),
        LibC.RTNLGRP_IPV6_RULE(),
        LibC.RTNLGRP_NEXTHOP());

    private final int[] groups;

    Topic(int... groups) {
      this.groups = groups;
    }
  }

  private final Consumer<NetworkEvent> listener;
  private final String operation;
  private final int socket;
  private final int wakeUp;
  private final Thread thread;
  private volatile boolean closed;

  /** Whether the thread has closed the descriptors. Guarded by this. */
  private boolean ended;

  private RtnetlinkMonitor(String name, Collection<Topic> topics, Consumer<NetworkEvent> listener) {
    this.listener = listener;
    this.operation = "follow the network (" + name + ")";
    this.socket =
        Syscalls.socket(LibC.AF_NETLINK(), LibC.SOCK_RAW(), LibC.NETLINK_ROUTE(), operation);
    try {
      subscribe(topics);
      this.wakeUp = Syscalls.eventfd(operation);
    } catch (RuntimeException e) {
      Syscalls.close(socket);
      throw e;
    }
    this.thread = new Thread(null, this::run, name, 0, false);
    thread.setDaemon(true);
  }

  /**
   * Opens a monitor of the calling thread's network namespace.
   *
   * @param name the name of the monitor's thread, also in messages
   * @param topics what to report, at least one
   * @param listener receives the events in the monitor's thread. It may close the monitor. What it
   *     throws is logged, and the next event follows
   * @throws NetworkException if the kernel refuses the socket, for example with EMFILE
   */
  public static RtnetlinkMonitor open(
      String name, Collection<Topic> topics, Consumer<NetworkEvent> listener) {
    RtnetlinkMonitor monitor = new RtnetlinkMonitor(name, List.copyOf(topics), listener);
    try {
      monitor.thread.start();
    } catch (Throwable cannotStart) { // OutOfMemoryError: the process has no threads left
      monitor.release();
      throw cannotStart;
    }
    return monitor;
  }

  private void subscribe(Collection<Topic> topics) {
    if (topics.isEmpty()) {
      throw new IllegalArgumentException("no topic to follow");
    }
    Syscalls.bindNetlink(socket, operation); // events only reach a socket that has an address
    for (Topic topic : topics) {
      for (int group : topic.groups) {
        Syscalls.setsockopt(
            socket, LibC.SOL_NETLINK(), LibC.NETLINK_ADD_MEMBERSHIP(), group, operation);
      }
    }
  }

  /**
   * Ends the thread. No event is reported after this returns, unless the listener takes more than a
   * second for the one it is handling, or calls this method.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (!closed && !ended) {
        Syscalls.signal(wakeUp, operation);
      }
      closed = true;
    }
    if (Thread.currentThread() != thread) {
      try {
        thread.join(LAST_EVENT);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment descriptors = pollfd.allocateArray(2, arena);
      watch(pollfd.asSlice(descriptors, 0), socket);
      watch(pollfd.asSlice(descriptors, 1), wakeUp);
      MemorySegment buffer = arena.allocate(BUFFER_SIZE, Long.BYTES);
      while (!closed) {
        Syscalls.poll(descriptors, 2, operation);
        receiveAll(buffer);
      }
    } catch (RuntimeException e) {
      log.error("cannot {} any longer", operation, e);
    } finally {
      release();
    }
  }

  private static void watch(MemorySegment descriptor, int fd) {
    pollfd.fd(descriptor, fd);
    pollfd.events(descriptor, (short) LibC.POLLIN());
  }

  /**
   * Receives until nothing is left. From the first loss until then, the kernel drops events without
   * a further word (NETLINK_S_CONGESTED in af_netlink.c), so the loss is reported at the end.
   */
  private void receiveAll(MemorySegment buffer) {
    Batch batch = new Batch();
    while (!closed) {
      try {
        long size = Syscalls.receive(socket, buffer, LibC.MSG_DONTWAIT(), operation);
        if (size > buffer.byteSize()) {
          batch.lost = true;
        } else {
          batch.read(buffer.asSlice(0, size));
        }
      } catch (NetworkException e) {
        if (e.errno() == LibC.EAGAIN()) {
          break;
        }
        if (e.errno() != LibC.ENOBUFS()) {
          throw e;
        }
        batch.lost = true;
      }
    }
    batch.end();
  }

  private synchronized void release() {
    ended = true;
    Syscalls.close(socket);
    Syscalls.close(wakeUp);
  }

  private void report(NetworkEvent event) {
    if (closed) {
      return;
    }
    try {
      listener.accept(event);
    } catch (RuntimeException e) {
      log.error("{}: the listener failed at {}", operation, event, e);
    }
  }

  /** What was received since the socket was last empty. */
  private final class Batch {

    private boolean routesChanged;
    private boolean lost;

    void read(MemorySegment datagram) {
      long offset = 0;
      while (offset + nlmsghdr.sizeof() <= datagram.byteSize()) {
        MemorySegment header = datagram.asSlice(offset);
        int length = nlmsghdr.nlmsg_len(header);
        if (length < nlmsghdr.sizeof() || length > header.byteSize()) {
          throw new IllegalStateException(
              operation + ": malformed netlink message of length " + length);
        }
        int type = Short.toUnsignedInt(nlmsghdr.nlmsg_type(header));
        accept(type, header.asSlice(nlmsghdr.sizeof(), length - nlmsghdr.sizeof()));
        offset += Netlink.align(length);
      }
    }

    private void accept(int type, MemorySegment payload) {
      if (ROUTE_MESSAGES.contains(type)) {
        routesChanged = true;
        return;
      }
      NetworkEvent event = null;
      if (type == LibC.RTM_NEWLINK() || type == LibC.RTM_DELLINK()) {
        event = link(type == LibC.RTM_DELLINK(), payload);
      } else if (type == LibC.RTM_NEWNEIGH() || type == LibC.RTM_DELNEIGH()) {
        event = neighbour(type == LibC.RTM_DELNEIGH(), payload);
      }
      if (event != null) {
        report(event);
      }
    }

    void end() {
      if (lost) {
        report(new NetworkEvent.EventsLost());
      } else if (routesChanged) {
        report(new NetworkEvent.RoutesChanged());
      }
    }
  }

  /** Returns null for messages of bridges: a port that leaves one is "deleted" there only. */
  private static @Nullable NetworkEvent link(boolean deleted, MemorySegment payload) {
    if (Byte.toUnsignedInt(ifinfomsg.ifi_family(payload)) != LibC.AF_UNSPEC()) {
      return null;
    }
    Link link = Rtnetlink.toLink(payload);
    return deleted ? new NetworkEvent.LinkDeleted(link) : new NetworkEvent.LinkChanged(link);
  }

  /**
   * Returns null for forwarding entries of bridges and for addresses that are answered by proxy.
   */
  private static @Nullable NetworkEvent neighbour(boolean deleted, MemorySegment payload) {
    NetlinkReply reply = new NetlinkReply(payload, ndmsg.layout());
    int family = Byte.toUnsignedInt(ndmsg.ndm_family(reply.struct()));
    boolean proxy = (ndmsg.ndm_flags(reply.struct()) & LibC.NTF_PROXY()) != 0;
    InetAddress address = reply.address(LibC.NDA_DST());
    if (proxy || address == null || (family != LibC.AF_INET() && family != LibC.AF_INET6())) {
      return null;
    }
    int index = ndmsg.ndm_ifindex(reply.struct());
    return deleted
        ? new NetworkEvent.NeighbourDeleted(index, address)
        : new NetworkEvent.NeighbourChanged(
            index,
            address,
            Rtnetlink.macOf(reply.bytes(LibC.NDA_LLADDR())),
            NeighbourState.of(Short.toUnsignedInt(ndmsg.ndm_state(reply.struct()))));
  }
}
