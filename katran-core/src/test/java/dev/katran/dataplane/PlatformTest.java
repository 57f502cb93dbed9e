package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {

  private static final long NET_ADMIN = 1L << 12;
  private static final long SYS_ADMIN = 1L << 21;
  private static final long PERFMON = 1L << 38;
  private static final long BPF = 1L << 39;

  private static String status(long capabilities) {
    return "Name:\tjava\nCapPrm:\t000001ffffffffff\nCapEff:\t%016x\nCapBnd:\t0000000000000000\n"
        .formatted(capabilities);
  }

  @Test
  void takesTheFineGrainedCapabilities() {
    assertThatCode(() -> Platform.checkCapabilities(status(BPF | PERFMON | NET_ADMIN)))
        .doesNotThrowAnyException();
  }

  @Test
  void takesSysAdminForThoseThatCameOutOfIt() {
    assertThatCode(() -> Platform.checkCapabilities(status(SYS_ADMIN | NET_ADMIN)))
        .doesNotThrowAnyException();
  }

  @Test
  void namesTheCapabilityThatIsMissingAndHowToGrantIt() {
    assertThatThrownBy(() -> Platform.checkCapabilities(status(BPF | NET_ADMIN)))
        .isInstanceOf(MissingCapabilityException.class)
        .hasMessageContaining("does not have: CAP_PERFMON (or CAP_SYS_ADMIN);")
        .hasMessageEndingWith("its container with --cap-add PERFMON");
    assertThatThrownBy(() -> Platform.checkCapabilities(status(SYS_ADMIN | BPF)))
        .isInstanceOf(MissingCapabilityException.class)
        .hasMessageContaining("does not have: CAP_NET_ADMIN;")
        .hasMessageEndingWith("its container with --cap-add NET_ADMIN");
  }

  @Test
  void namesAllCapabilitiesThatAreMissingAtOnce() {
    assertThatThrownBy(() -> Platform.checkCapabilities(status(0)))
        .isInstanceOf(MissingCapabilityException.class)
        .hasMessageContaining(
            "CAP_BPF (or CAP_SYS_ADMIN), CAP_PERFMON (or CAP_SYS_ADMIN), CAP_NET_ADMIN;")
        .hasMessageEndingWith("--cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN");
  }

  @Test
  void leavesItToTheKernelWhereNobodyKnows() {
    assertThatCode(() -> Platform.checkCapabilities("Name:\tjava\n")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.9.16", "5.10.0-33-amd64", "6.1.0", "6.18", "10.0-rc1", "custom"})
  void takesKernelsFromFiveNineOnAndThoseThatNobodyKnows(String release) {
    assertThatCode(() -> Platform.checkKernel("Linux", release)).doesNotThrowAnyException();
  }

  @Test
  void namesWhatAKernelIsTooOldFor() {
    assertThatThrownBy(() -> Platform.checkKernel("Linux", "5.8.18"))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessage(
            "this kernel is Linux 5.8.18, which lacks links of XDP programs (since Linux 5.9);"
                + " LoadBalancer.inMemory() runs everywhere");
  }

  @Test
  void namesEverythingThatAKernelIsTooOldFor() {
    assertThatThrownBy(() -> Platform.checkKernel("Linux", "5.4.0-216-generic"))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessageContaining("5.4.0-216-generic")
        .hasMessageContaining("BPF arrays that can be mapped into memory (since Linux 5.5)")
        .hasMessageContaining("constants that the BPF verifier knows (since Linux 5.5)")
        .hasMessageContaining("links of XDP programs (since Linux 5.9)")
        .hasMessageNotContaining("5.3");
    assertThatThrownBy(() -> Platform.checkKernel("Linux", "4.19.0-27-amd64"))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessageContaining("jumps on 32 bits in BPF programs (since Linux 5.1)")
        .hasMessageContaining("frozen BPF maps (since Linux 5.2)")
        .hasMessageContaining("bounded loops in BPF programs (since Linux 5.3)")
        .hasMessageContaining("links of XDP programs (since Linux 5.9)");
  }

  @Test
  void namesTheWrongByteOrder() {
    assertThatCode(() -> Platform.checkByteOrder(ByteOrder.LITTLE_ENDIAN))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> Platform.checkByteOrder(ByteOrder.BIG_ENDIAN))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessageContaining("big-endian")
        .hasMessageContaining("LoadBalancer.inMemory()");
  }

  @Test
  void namesAnotherSystem() {
    assertThatThrownBy(() -> Platform.checkKernel("Mac OS X", "15.1"))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasMessageContaining("Mac OS X")
        .hasMessageContaining("LoadBalancer.inMemory()");
  }
}
