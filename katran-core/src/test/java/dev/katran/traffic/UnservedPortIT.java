package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.UnservedPorts;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.Socket;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client's Linux understands the answers of a VIP's port that is not served. */
@NeedsKernel
class UnservedPortIT {

  private static final int MILLIS = 5000;

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void reject_tcpAndUdp_clientsFailAtOnce(String address) throws Exception {
    InetSocketAddress closed = new InetSocketAddress(InetAddresses.forString(address), 81);
    try (Testbed testbed = Testbed.of(1, Service.ECHO);
        LoadBalancer lb = testbed.open(builder -> builder.unservedPorts(UnservedPorts.REJECT))) {
      lb.put(Vip.tcp(address, Testbed.PORT).backends(Backend.of("10.0.0.11")).build());
      testbed
          .client()
          .host()
          .call(() -> {
            try (Socket socket = new Socket()) {
              assertThatThrownBy(() -> socket.connect(closed, MILLIS))
                  .isInstanceOf(ConnectException.class)
                  .hasMessageContaining("refused");
            }
            try (DatagramSocket socket = new DatagramSocket()) {
              socket.connect(closed);
              socket.setSoTimeout(MILLIS);
              socket.send(new DatagramPacket(new byte[1300], 1300));
              DatagramPacket reply = new DatagramPacket(new byte[100], 100);
              assertThatThrownBy(() -> socket.receive(reply))
                  .isInstanceOf(PortUnreachableException.class);
            }
            return closed;
          });
      assertThat(lb.counters().unservedPorts()).isEqualTo(2);
    }
  }
}
