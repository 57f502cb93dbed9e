package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.katran.internal.failure.Failure;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(strings = {"5.9.16", "5.10.0-33-amd64", "6.1.0", "6.18", "10.0-rc1", "custom"})
  void checkKernel_59OrNewerOrUnknownRelease_passes(String release) {
    assertThatCode(() -> PlatformCheck.checkKernel("Linux", release)).doesNotThrowAnyException();
  }

  @Test
  void checkKernel_58_namesMissingFeature() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkKernel("Linux", "5.8.18"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessage(
            "this kernel is Linux 5.8.18, which lacks XDP links (since Linux 5.9);"
                + " LoadBalancer.inMemory() runs everywhere");
  }

  @Test
  void checkKernel_olderKernels_namesEveryMissingFeature() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkKernel("Linux", "5.4.0-216-generic"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessageContaining("5.4.0-216-generic")
        .withMessageContaining("mmap-able BPF arrays (since Linux 5.5)")
        .withMessageContaining("read-only BPF maps as verifier constants (since Linux 5.5)")
        .withMessageContaining("XDP links (since Linux 5.9)")
        .withMessageNotContaining("5.3");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkKernel("Linux", "4.19.0-27-amd64"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessageContaining("32-bit jumps in BPF programs (since Linux 5.1)")
        .withMessageContaining("frozen BPF maps (since Linux 5.2)")
        .withMessageContaining("bounded loops in BPF programs (since Linux 5.3)")
        .withMessageContaining("XDP links (since Linux 5.9)");
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
  void checkKernel_notLinux_throws() {
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> PlatformCheck.checkKernel("Mac OS X", "15.1"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .withMessageContaining("Mac OS X")
        .withMessageContaining("LoadBalancer.inMemory()");
  }
}
