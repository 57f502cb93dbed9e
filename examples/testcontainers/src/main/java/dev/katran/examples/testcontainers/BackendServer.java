package dev.katran.examples.testcontainers;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulator;
import dev.katran.LoadBalancerException;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Cidr;
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
 * A backend. It owns the VIPs' addresses, decapsulates the balancer's packets and serves TCP
 * connections: each line is answered with the backend's name and the length of the line.
 */
public final class BackendServer {

  private BackendServer() {}

  /**
   * Runs until the process is stopped. Reads {@code BACKEND_NAME} from the environment, and the
   * interface, the attach mode and the VIPs from the same variables as the service.
   */
  public static void main(String[] args) {
    try {
      String name = System.getenv().getOrDefault("BACKEND_NAME", "backend");
      Settings settings = Settings.from(System.getenv());
      addVips(settings.vips());
      try (Decapsulator _ =
              Decapsulator.on(settings.interfaceName()).attach(settings.attachMode()).open();
          ServerSocket server = new ServerSocket(settings.vips().getFirst().getPort())) {
        System.out.println(name + " is listening on " + server.getLocalSocketAddress());
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

  /**
   * Adds the VIPs to the loopback interface, so that the host accepts their packets but does not
   * answer ARP for them.
   */
  private static void addVips(List<HostAndPort> vips) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      int loopback = netlink.link("lo").index();
      for (HostAndPort vip : vips) {
        netlink.addAddress(loopback, Cidr.host(InetAddresses.forString(vip.getHost())));
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
