package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.internal.failure.Failure;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class PlatformCheckTest {

  private static final long NET_ADMIN = 1L << 12;
  private static final long SYS_ADMIN = 1L << 21;
  private static final long PERFMON = 1L << 38;
  private static final long BPF = 1L << 39;

  private static String status(long capabilities) {
    return "Name:\tjava\nCapPrm:\t000001ffffffffff\nCapEff:\t%016x\nCapBnd:\t0000000000000000\n"
        .formatted(capabilities);
  }

  @Test
  void checkCapabilities_fineGrained_passes() {
    assertThatCode(() -> PlatformCheck.checkCapabilities(status(BPF | PERFMON | NET_ADMIN)))
        .doesNotThrowAnyException();
  }

  @Test
  void checkCapabilities_sysAdmin_coversBpfAndPerfmon() {
    assertThatCode(() -> PlatformCheck.checkCapabilities(status(SYS_ADMIN | NET_ADMIN)))
        .doesNotThrowAnyException();
  }

  @Test
  void checkCapabilities_oneMissing_namesItAndHowToGrantIt() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkCapabilities(status(BPF | NET_ADMIN)))
        .returns(Failure.Kind.MISSING_CAPABILITY, Failure::kind)
        .withMessageContaining("does not have: CAP_PERFMON (or CAP_SYS_ADMIN);")
        .withMessageEndingWith("its container with --cap-add PERFMON");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkCapabilities(status(SYS_ADMIN | BPF)))
        .returns(Failure.Kind.MISSING_CAPABILITY, Failure::kind)
        .withMessageContaining("does not have: CAP_NET_ADMIN;")
        .withMessageEndingWith("its container with --cap-add NET_ADMIN");
  }

  @Test
  void checkCapabilities_allMissing_namesAll() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkCapabilities(status(0)))
        .returns(Failure.Kind.MISSING_CAPABILITY, Failure::kind)
        .withMessageContaining(
            "CAP_BPF (or CAP_SYS_ADMIN), CAP_PERFMON (or CAP_SYS_ADMIN), CAP_NET_ADMIN;")
        .withMessageEndingWith("--cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN");
  }

  @Test
  void checkCapabilities_noCapEffLine_passes() {
    assertThatCode(() -> PlatformCheck.checkCapabilities("Name:\tjava\n"))
        .doesNotThrowAnyException();
  }

  @Test
  void checkByteOrder_bigEndian_throws() {
    assertThatCode(() -> PlatformCheck.checkByteOrder(ByteOrder.LITTLE_ENDIAN))
        .doesNotThrowAnyException();
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkByteOrder(ByteOrder.BIG_ENDIAN))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessageContaining("big-endian")
        .withMessageContaining("LoadBalancer.inMemory()");
  }

  @Test
  void checkSystem_notLinux_throws() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkSystem("Mac OS X"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessageContaining("Mac OS X")
        .withMessageContaining("LoadBalancer.inMemory()");
  }
}
