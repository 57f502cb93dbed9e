package dev.katran.traffic;

import dev.katran.lab.Host;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads the counters of a host's network stack. */
final class SnmpCounters {

  private static final Path NET = Path.of("/proc/thread-self/net");

  private SnmpCounters() {}

  /**
   * Reads a counter from {@code /proc/net/snmp}, which has a line of names and a line of values per
   * group.
   */
  static long ipv4(Host host, String group, String name) throws Exception {
    List<List<String>> lines =
        lines(host, "snmp").stream().filter(line -> line.getFirst().equals(group + ":")).toList();
    return Long.parseLong(lines.get(1).get(lines.get(0).indexOf(name)));
  }

  /** Reads a counter from {@code /proc/net/snmp6}, which has one line per counter. */
  static long ipv6(Host host, String name) throws Exception {
    return lines(host, "snmp6").stream()
        .filter(line -> line.getFirst().equals(name))
        .mapToLong(line -> Long.parseLong(line.get(1)))
        .findFirst()
        .orElseThrow();
  }

  private static List<List<String>> lines(Host host, String file) throws Exception {
    return host.call(() ->
        Files.readAllLines(NET.resolve(file)).stream()
            .map(line -> List.of(line.split("\\s+", -1)))
            .toList());
  }
}
