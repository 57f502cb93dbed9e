package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Fragments;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sends datagrams that Linux fragments; backends answer if they have put them together. */
@NeedsKernel
class FragmentsIT {

  private static final int LENGTH = 4096;

  /** Replies with a digest: a long reply would need to learn the path's MTU first. */
  private static final Service DIGEST =
      new Service() {
        @Override
        public byte[] reply(byte[] datagram) {
          return Hashing.sha256().hashBytes(datagram).asBytes();
        }

        @Override
        public void serve(InputStream in, OutputStream out) throws IOException {
          in.transferTo(out);
        }
      };

  private Testbed testbed;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(3, DIGEST);
    lb = testbed.open();
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource
  void forward_datagramsOfSeveralFragments_arriveIntact(TunnelCase tunnel) throws Exception {
    Vip vip =
        tunnel.vip(testbed, Protocol.UDP).toBuilder().fragments(Fragments.FOLLOW_FIRST).build();
    lb.put(vip);
    byte[] sent = Service.content(LENGTH);
    for (Backend backend : vip.backends()) {
      InetSocketAddress source = testbed.sourceFor(lb, vip, backend);
      for (int i = 0; i < 3; i++) {
        assertThat(testbed.client().udp(source, Testbed.target(vip), sent))
            .isEqualTo(DIGEST.reply(sent));
      }
    }

    assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
    for (Server server : testbed.servers()) {
      assertThat(lb.counters().backend(tunnel.backend(server)).orElseThrow().packets())
          .isEqualTo(9); // three datagrams of three fragments
    }
  }

  @ParameterizedTest
  @EnumSource
  void forwardByAddress_datagramsOfSeveralFragments_arriveIntact(TunnelCase tunnel)
      throws Exception {
    Vip onePort = tunnel.vip(testbed, Protocol.UDP);
    Vip vip =
        Vip.udp(onePort.address().getHostAddress())
            .backends(onePort.backends())
            .hashing(dev.katran.Hashing.SOURCE_ADDRESS)
            .fragments(Fragments.BY_ADDRESS)
            .build();
    lb.put(vip);
    byte[] sent = Service.content(LENGTH);
    InetSocketAddress target = Testbed.target(onePort);
    for (int port = 30_000; port < 30_010; port++) {
      InetSocketAddress source = testbed.client().source(target, port);
      assertThat(testbed.client().udp(source, target, sent)).isEqualTo(DIGEST.reply(sent));
    }

    assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
    assertThat(lb.counters().vip(vip).orElseThrow().packets()).isEqualTo(30);
  }
}
