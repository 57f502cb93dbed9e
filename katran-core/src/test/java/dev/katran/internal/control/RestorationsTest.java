package dev.katran.internal.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableSet;
import dev.katran.Count;
import dev.katran.Restoration;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.RestorationProgram;
import dev.katran.internal.failure.Failure;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RestorationsTest {

  private static final VipKey WEB = VipKey.tcp("203.0.113.10", 443);
  private static final VipKey OTHER = VipKey.tcp("203.0.113.20", 443);
  private static final Restoration ONE = Restoration.of(WEB, "10.0.0.11", 8443);
  private static final Restoration TWO = Restoration.of(WEB, "10.0.0.12", 8443);
  private static final Restoration OTHER_ONE = Restoration.of(OTHER, "10.0.0.11", 8443);
  private static final Restoration UDP_ONE =
      Restoration.of(VipKey.udp("203.0.113.20", 443), "10.0.0.11", 8443);

  private final Recorder program = new Recorder();
  private final Restorations restorations =
      new Restorations(program, ImmutableSet.of(), failure -> failure);

  @Test
  void put_new_installsIt() {
    assertThat(restorations.put(ONE)).isTrue();
    assertThat(restorations.put(ONE)).isFalse();

    assertThat(program.installed).containsExactly(ONE);
    assertThat(restorations.entries()).containsExactly(ONE);
  }

  @Test
  void put_sourceOfOtherVip_isRefusedWithBothNames() {
    restorations.put(ONE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> restorations.put(OTHER_ONE))
        .withMessage(
            "10.0.0.11:8443 answers as tcp 203.0.113.10:443, so it cannot answer as"
                + " tcp 203.0.113.20:443; give each VIP an address or a port of its own");
    assertThat(program.installed).containsExactly(ONE);
  }

  @Test
  void put_sourceWithOtherProtocol_isAnother() {
    restorations.put(ONE);
    restorations.put(UDP_ONE);

    assertThat(program.installed).containsExactly(ONE, UDP_ONE);
  }

  @Test
  void remove_ofOtherVip_changesNothing() {
    restorations.put(ONE);

    assertThat(restorations.remove(OTHER_ONE)).isFalse();
    assertThat(program.installed).containsExactly(ONE);
    assertThat(restorations.remove(ONE)).isTrue();
    assertThat(program.installed).isEmpty();
    assertThat(restorations.entries()).isEmpty();
  }

  @Test
  void apply_otherSet_replacesAll() {
    restorations.put(ONE);
    restorations.put(UDP_ONE);

    assertThat(restorations.apply(List.of(OTHER_ONE, TWO))).isTrue();
    assertThat(restorations.apply(List.of(TWO, OTHER_ONE))).isFalse();

    assertThat(program.installed).containsExactlyInAnyOrder(OTHER_ONE, TWO);
    assertThat(restorations.entries()).containsExactlyInAnyOrder(OTHER_ONE, TWO);
  }

  @Test
  void apply_sameSourceTwice_isRefused() {
    restorations.put(UDP_ONE);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> restorations.apply(List.of(ONE, OTHER_ONE)))
        .withMessageContaining("cannot answer as tcp 203.0.113.20:443");
    assertThat(program.installed).containsExactly(UDP_ONE);
  }

  @Test
  void apply_refusedHalfway_changesNothing() {
    restorations.put(ONE);
    restorations.put(UDP_ONE);
    for (int step = 0; step < 3; step++) {
      program.failAfter = step;

      assertThatThrownBy(() -> restorations.apply(List.of(OTHER_ONE, TWO)))
          .isInstanceOf(Failure.class)
          .hasMessage("refused");

      assertThat(program.installed).containsExactlyInAnyOrder(ONE, UDP_ONE);
      assertThat(restorations.entries()).containsExactly(ONE, UDP_ONE);
    }
  }

  @Test
  void put_full_isRefusedWithTheLimit() {
    restorations.put(ONE);
    program.capacity = 1;

    assertThatThrownBy(() -> restorations.put(TWO))
        .isInstanceOf(Failure.class)
        .hasMessage("2 restorations are more than the 1 that fit");
    assertThat(program.installed).containsExactly(ONE);
  }

  @Test
  void put_closed_isRefused() {
    restorations.close();
    restorations.close();

    assertThat(program.closed).isEqualTo(1);
    assertThatIllegalStateException()
        .isThrownBy(() -> restorations.put(ONE))
        .withMessage("the source restorer is closed");
  }

  /** Keeps what a kernel would, and refuses a step. */
  private static final class Recorder implements RestorationProgram {

    private final Set<Restoration> installed = new LinkedHashSet<>();
    private int capacity = 10;
    private int failAfter = Integer.MAX_VALUE;
    private int closed;

    @Override
    public int capacity() {
      return capacity;
    }

    @Override
    public void install(Restoration restoration) {
      step();
      installed.removeIf(each -> isSameSource(each, restoration));
      installed.add(restoration);
    }

    @Override
    public void remove(Restoration restoration) {
      step();
      assertThat(installed.removeIf(each -> isSameSource(each, restoration))).isTrue();
    }

    private static boolean isSameSource(Restoration a, Restoration b) {
      return a.address().equals(b.address())
          && a.port() == b.port()
          && a.vip().protocol() == b.vip().protocol();
    }

    private void step() {
      if (failAfter-- == 0) {
        throw new Failure(Failure.Kind.REFUSED, "refused");
      }
    }

    @Override
    public Count restored() {
      return Count.ZERO;
    }

    @Override
    public Count errors() {
      return Count.ZERO;
    }

    @Override
    public Count fragments() {
      return Count.ZERO;
    }

    @Override
    public Count drops() {
      return Count.ZERO;
    }

    @Override
    public boolean isAttached() {
      return false;
    }

    @Override
    public void refresh() {}

    @Override
    public void close() {
      closed++;
    }
  }
}
