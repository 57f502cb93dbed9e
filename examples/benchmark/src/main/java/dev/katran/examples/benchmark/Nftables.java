package dev.katran.examples.benchmark;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The kernel's own address translation, which also spreads flows by a hash. */
final class Nftables {

  static final String COMMAND = "nft";

  private Nftables() {}

  /** Sends what comes for an address, in the calling thread's namespace, to backends instead. */
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

  /** The same, and has the answers come back here, so that they are translated, too. */
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
