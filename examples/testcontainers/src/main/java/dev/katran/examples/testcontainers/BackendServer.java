package dev.katran.examples.testcontainers;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulator;
import dev.katran.LoadBalancerException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A backend: has the VIPs' addresses, takes the encapsulation off what the balancer sends, and
 * serves TCP connections: for each line that it gets, it answers with its name and the line's
 * length.
 */
public final class BackendServer {

  private BackendServer() {}

  /**
   * Runs until the process is told to stop. The environment has {@code BACKEND_NAME}, and the
   * interface, the attach mode and the VIPs in the service's variables.
   */
  public static void main(String[] args) {
    try {
      String name = System.getenv().getOrDefault("BACKEND_NAME", "backend");
      Settings settings = Settings.from(System.getenv());
      addVips(settings.vips());
      try (Decapsulator _ =
              Decapsulator.on(settings.interfaceName()).attach(settings.attachMode()).open();
          ServerSocket server = new ServerSocket(settings.vips().getFirst().getPort())) {
        System.out.println(name + " is listening at " + server.getLocalSocketAddress());
        while (true) {
          Socket socket = server.accept();
          Thread.ofVirtual().start(() -> serve(socket, name));
        }
      }
    } catch (IllegalArgumentException | LoadBalancerException | NativeException | IOException e) {
      System.err.println("backend: " + e.getMessage());
      System.exit(1);
    }
  }

  /** To the loopback interface: the host takes their packets, and does not answer ARP for them. */
  private static void addVips(List<HostAndPort> vips) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      int loopback = netlink.link("lo").index();
      for (HostAndPort vip : vips) {
        netlink.addAddress(loopback, Prefix.host(InetAddresses.forString(vip.getHost())));
      }
    }
  }

  private static void serve(Socket socket, String name) {
    try (socket;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        BufferedWriter out =
            new BufferedWriter(
                new OutputStreamWriter(socket.getOutputStream(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = in.readLine()) != null) {
        out.write(name + " " + line.length() + "\n");
        out.flush();
      }
    } catch (IOException e) {
      System.out.println(socket.getRemoteSocketAddress() + ": " + e.getMessage());
    }
  }
}
