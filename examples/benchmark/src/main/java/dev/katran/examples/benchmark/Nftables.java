package dev.katran.examples.benchmark;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Destination NAT by nftables, which also selects backends by a hash. */
final class Nftables {

  static final String COMMAND = "nft";

  private Nftables() {}

  /** Translates the destination of packets for an address, in the calling thread's namespace. */
  static void translate(String vip, List<String> backends)
      throws IOException, InterruptedException {
    String map =
        IntStream.range(0, backends.size())
            .mapToObj(i -> i + " : " + backends.get(i))
            .collect(Collectors.joining(", "));
    run(
        """
        add table ip benchmark
        add chain ip benchmark before { type nat hook prerouting priority -100; }
        add rule ip benchmark before ip daddr %s tcp dport %d dnat to \
        jhash ip saddr . tcp sport mod %d map { %s }
        """
            .formatted(vip, FlowFrame.PORT, backends.size(), map));
  }

  /** Translates the destination, and the source so that answers return through this host. */
  static void translateBothWays(String vip, List<String> backends)
      throws IOException, InterruptedException {
    translate(vip, backends);
    run(
        """
        add chain ip benchmark after { type nat hook postrouting priority 100; }
        add rule ip benchmark after masquerade
        """);
  }

  private static void run(String rules) throws IOException, InterruptedException {
    Tool.run(COMMAND, rules).require();
  }
}
