package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.memory.HeapJournal;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The entries by which answers of rewritten backends find back: what is written, and when. */
class ReverseEntriesTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(251).flowTableSize(4096));

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").port(8080);
  private static final int TCP = 6;
  private static final int UDP = 17;

  private static final Vip WEB = rewriting("tcp 203.0.113.10:443", ONE, TWO);
  private static final Vip OTHER = rewriting("tcp 203.0.113.11:443");

  /** The entries as the dataplane has them. */
  private final Map<Object, Integer> entries = new HashMap<>();

  private boolean failsRemoval;
  private final List<String> writes = new ArrayList<>();
  private final Dataplane recorded =
      InterceptedDataplane.of(
          JavaDataplane.journaled(CONFIG, System::nanoTime, new HeapJournal()), this::record);
  private final FailingDataplane failing = new FailingDataplane(recorded);
  private final FakeClock clock = new FakeClock();
  private Control control = control();
  private LoadBalancer lb = Balancers.over(control);

  private Control control() {
    Control opened =
        Balancers.control(failing.dataplane(), CONFIG, clock, (name, task) -> () -> {});
    opened.adopt(() -> {});
    return opened;
  }

  @AfterEach
  void close() {
    lb.close();
  }

  private Object record(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    switch (method) {
      case "reverse.put" ->
          ((Map<?, ?>) arguments[0]).forEach((key, vip) -> entries.put(key, (Integer) vip));
      case "reverse.remove" -> {
        if (failsRemoval) {
          throw new IllegalStateException("no clean-up now");
        }
        entries.keySet().removeAll((Set<?>) arguments[0]);
      }
      case "reverse.replace" -> {
        entries.clear();
        ((Map<?, ?>) arguments[0]).forEach((key, vip) -> entries.put(key, (Integer) vip));
      }
      default -> {
        // of no interest
      }
    }
    Object result = proceed.call();
    writes.add(method); // a batch after what is in it
    return result;
  }

  private static Vip rewriting(String key, Backend... backends) {
    return Vip.of(VipKey.parse(key)).forwarding(Forwarding.rewrite()).backends(backends).build();
  }

  private static ReverseKey entry(String address, int port, int protocol) {
    InetAddress parsed = BackendKey.of(address).address();
    return new ReverseKey(parsed, port, protocol);
  }

  private int indexOf(Vip vip) {
    return control.state().vips().get(vip.key()).number();
  }

  @Test
  void put_rewritten_hasAnEntryForEachBackendAtItsPort() {
    lb.put(WEB);
    lb.put(rewriting("udp 203.0.113.11:*", Backend.of("10.0.0.3")));
    lb.put(Vip.tcp("203.0.113.12", 443).backends(Backend.of("10.0.0.4")).build());

    assertThat(entries)
        .isEqualTo(
            Map.of(
                entry("10.0.0.1", 443, TCP), 0,
                entry("10.0.0.2", 8080, TCP), 0,
                entry("10.0.0.3", 0, UDP), 1));
  }

  @Test
  void put_backendAdded_isWrittenBeforeTheRing() {
    lb.put(WEB.without(TWO.key()));
    writes.clear();

    lb.put(WEB);

    assertThat(writes).containsSubsequence("reverse.put", "rings.put", "batch");
    assertThat(writes.indexOf("reverse.put")).isLessThan(writes.indexOf("rings.put"));
  }

  @Test
  void put_newVip_isWrittenAfterItsAddressAndBeforeItIsPublished() {
    lb.put(WEB);

    assertThat(writes).containsSubsequence("vips.put", "reverse.put", "batch");
  }

  @Test
  void put_draining_keepsTheEntry() {
    lb.put(WEB);
    lb.put(WEB.draining(TWO.key()));
    lb.put(WEB.with(TWO.weight(0)));

    assertThat(entries).containsKey(entry("10.0.0.2", 8080, TCP));
  }

  @Test
  void put_backendRemoved_removesTheEntryOnceItsFlowsAreGone() {
    lb.put(WEB);
    lb.put(WEB.draining(TWO.key())); // so that the flow table is in use
    writes.clear();

    lb.put(WEB.without(TWO.key()));

    assertThat(entries).isEqualTo(Map.of(entry("10.0.0.1", 443, TCP), 0));
    assertThat(writes).containsSubsequence("rings.put", "flows.removeIf", "reverse.remove");
  }

  @Test
  void put_otherForwarding_removesTheEntry() {
    lb.put(WEB);
    lb.put(Vip.of(WEB.key()).backends(ONE).build());

    assertThat(entries).isEmpty();
  }

  @Test
  void remove_vip_removesItsEntries() {
    lb.put(WEB);
    lb.remove(WEB.key());

    assertThat(entries).isEmpty();
  }

  @Test
  void apply_backendMovesToAnotherVip_itsEntryIsOfThatVip() {
    lb.put(WEB);
    lb.apply(List.of(WEB.without(ONE.key()), OTHER.with(ONE)));

    assertThat(entries)
        .isEqualTo(
            Map.of(
                entry("10.0.0.1", 443, TCP), indexOf(OTHER),
                entry("10.0.0.2", 8080, TCP), indexOf(WEB)));

    lb.apply(List.of(WEB, OTHER));
    assertThat(entries).containsEntry(entry("10.0.0.1", 443, TCP), indexOf(WEB));
  }

  /** The clean-up of the first change must not remove what the second one has written. */
  @Test
  void put_backendReturnsBeforeTheCleanUp_keepsTheEntry() {
    lb.put(WEB);
    failsRemoval = true;
    lb.put(WEB.without(TWO.key()));
    failsRemoval = false;
    assertThat(entries).as("not cleaned up yet").containsKey(entry("10.0.0.2", 8080, TCP));
    lb.put(WEB);
    control.tick();

    assertThat(entries).containsKey(entry("10.0.0.2", 8080, TCP));
    assertThat(control.isDirty()).isFalse();
  }

  @Test
  void put_anyWriteFails_entriesAreAsBefore() {
    lb.put(WEB.without(TWO.key()));
    Map<Object, Integer> before = Map.copyOf(entries);
    boolean isDone = false;
    for (int write = 0; !isDone; write++) {
      failing.failAfter(write);
      try {
        lb.apply(List.of(WEB.without(ONE.key()), OTHER.with(ONE)));
        isDone = true;
      } catch (FailingDataplane.WriteFailure e) {
        assertThat(entries).as("write " + write).isEqualTo(before);
      }
    }
    failing.heal();
    control.tick();
    assertThat(entries)
        .isEqualTo(
            Map.of(
                entry("10.0.0.1", 443, TCP), indexOf(OTHER),
                entry("10.0.0.2", 8080, TCP), indexOf(WEB)));
  }

  @Test
  void adopt_afterAnotherProcess_knowsTheOwners() {
    lb.apply(List.of(WEB, OTHER));
    Map<Object, Integer> before = Map.copyOf(entries);
    entries.put(entry("10.0.0.9", 1, TCP), 7); // left behind by a clean-up that did not happen

    control = control();
    lb = Balancers.over(control);

    assertThat(control.isAdopted()).isTrue();
    assertThat(entries).isEqualTo(before);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.put(OTHER.with(ONE)))
        .withMessageStartingWith("tcp 203.0.113.11:443: backend 10.0.0.1:443 is via REWRITE");
    lb.put(WEB.without(ONE.key()));
    assertThat(entries).isEqualTo(Map.of(entry("10.0.0.2", 8080, TCP), indexOf(WEB)));
  }

  @Test
  void sourceRoutes_toARewrittenBackend_needItInEachVipThatFollowsThem() {
    Backend rewritten = ONE.via(Forwarding.rewrite());
    Vip following = WEB.toBuilder().sourceRouting(true).build();
    Prefix clients = Prefix.of("198.51.100.0/24");
    lb.put(following);
    lb.sourceRoutes().put(clients, rewritten);
    assertThat(lb.sourceRoutes().get(clients)).contains(rewritten);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.put(OTHER.toBuilder().sourceRouting(true).build()))
        .withMessageStartingWith("tcp 203.0.113.11:443 follows source routes, one of which leads ");
    assertThatThrownBy(() -> lb.put(following.without(ONE.key())))
        .hasMessageStartingWith("tcp 203.0.113.10:443 follows source routes, one of which leads ");
    lb.put(OTHER);

    lb.sourceRoutes().clear();
    lb.put(following.without(ONE.key()));
    assertThatThrownBy(() -> lb.sourceRoutes().put(clients, rewritten))
        .hasMessageStartingWith("tcp 203.0.113.10:443 follows source routes, one of which leads ");
  }

  @Test
  void tables_backendOfAVip_isReachedAsInTheVip() {
    lb.put(WEB);
    Backend ofVip = lb.vip(WEB.key()).orElseThrow().backend(TWO.key()).orElseThrow();
    lb.serverIds().put(7, ofVip);

    assertThat(lb.serverIds().get(7)).contains(TWO.via(Forwarding.rewrite()));
    assertThat(Configuration.fromJson(lb.configuration().toJson())).isEqualTo(lb.configuration());
    assertThatThrownBy(() -> lb.serverIds().put(8, TWO))
        .hasMessage(
            "server id 8: backend 10.0.0.2:8080 has a port of its own, which needs REWRITE, but is via IPIP");
  }
}
