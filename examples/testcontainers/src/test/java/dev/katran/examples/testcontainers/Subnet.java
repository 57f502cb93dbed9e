package dev.katran.examples.testcontainers;

import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Network.Ipam;
import org.testcontainers.containers.Network;

/**
 * A Docker network with predictable addresses.
 *
 * @param network the network
 * @param ipv4 the prefix of its IPv4 addresses, to be followed by a number from 2 to 254
 * @param ipv6 the prefix of its IPv6 addresses, to be followed by a number from 2 to 254
 */
record Subnet(Network network, String ipv4, String ipv6) implements AutoCloseable {

  private static final int CANDIDATES = 16;

  /** Creates a network whose addresses no other network of the engine uses. */
  static Subnet create() {
    DockerException last = null;
    for (int i = 1; i <= CANDIDATES; i++) {
      // 198.18.0.0/15 is reserved for network benchmarks (RFC 2544), fd00::/8 for private use (RFC
      // 4193)
      Subnet subnet = of("198.18.%d.".formatted(i), "fd6b:6174:7261:%x::".formatted(i));
      try {
        var _ = subnet.network.getId(); // creates it
        return subnet;
      } catch (DockerException e) {
        last = e; // usually because the addresses are in use
      }
    }
    throw new IllegalStateException("the Docker engine cannot create a network", last);
  }

  private static Subnet of(String ipv4, String ipv6) {
    Network network =
        Network.builder()
            .enableIpv6(true)
            .createNetworkCmdModifier(command ->
                command.withIpam(
                    new Ipam()
                        .withConfig(
                            new Ipam.Config().withSubnet(ipv4 + "0/24"),
                            new Ipam.Config().withSubnet(ipv6 + "/64"))))
            .build();
    return new Subnet(network, ipv4, ipv6);
  }

  String ipv4(int number) {
    return ipv4 + number;
  }

  String ipv6(int number) {
    return ipv6 + number;
  }

  @Override
  public void close() {
    network.close();
  }
}
