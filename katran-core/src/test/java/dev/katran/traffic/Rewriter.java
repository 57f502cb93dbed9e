package dev.katran.traffic;

import com.google.common.io.Resources;
import dev.katran.Restoration;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.TcHook;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Arrays;
import java.util.List;

/**
 * The way towards a server behind a balancer that rewrites destinations: a program on the router
 * replaces VIPs by the server's addresses and ports.
 */
final class Rewriter implements AutoCloseable {

  private static final int ADDRESS = 16;
  private static final int ENTRY = 20;

  private final Lab lab;
  private final Host server;
  private final BpfObject object;
  private TcHook hook;

  /** Routes the VIPs to a server, and rewrites packets for them on the way there. */
  Rewriter(Lab lab, Host server, List<Restoration> restorations) throws Exception {
    this.lab = lab;
    this.server = server;
    this.object =
        BpfObject.open(
            "to_server",
            Resources.toByteArray(Resources.getResource("dev/katran/golden/to_server.bpf.o")));
    object.map("exceptions").autocreate(false);
    object.map("restorations").maxEntries(restorations.size());
    object.load();
    for (Restoration each : restorations) {
      lab.route(each.vip().address().getHostAddress(), server);
      add(each);
    }
    attach();
  }

  /** Attaches the program to the router's interface to the server, also when that is a new one. */
  void attach() throws Exception {
    int ifindex = lab.router().call(() -> index(server.name()));
    hook = lab.router().call(() -> TcHook.attachEgress(object.program("to_server"), ifindex));
  }

  private static int index(String name) throws Exception {
    return NetworkInterface.getByName(name).getIndex();
  }

  private void add(Restoration restoration) {
    InetAddress vip = restoration.vip().address();
    byte[] key = entry(vip, restoration.vip().port());
    key[ADDRESS + 2] = (byte) restoration.vip().protocol().number();
    key[ADDRESS + 3] = (byte) (vip.getAddress().length == 4 ? 4 : 6);
    byte[] value = entry(restoration.address(), restoration.port());
    try (Arena arena = Arena.ofConfined()) {
      object
          .map("restorations")
          .update(
              arena.allocateFrom(ValueLayout.JAVA_BYTE, key),
              arena.allocateFrom(ValueLayout.JAVA_BYTE, value),
              BpfConstants.BPF_ANY);
    }
  }

  /** Returns an address and a port in network byte order; of a key, two more bytes follow. */
  private static byte[] entry(InetAddress address, int port) {
    byte[] entry = Arrays.copyOf(address.getAddress(), ENTRY);
    entry[ADDRESS] = (byte) (port >> 8);
    entry[ADDRESS + 1] = (byte) port;
    return entry;
  }

  @Override
  public void close() {
    hook.close();
    object.close();
  }
}
