package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.failure.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelFeatureTest {

  private final Failure refused = new Failure(Failure.Kind.REFUSED, "cannot load: EINVAL");

  @ParameterizedTest
  @ValueSource(strings = {"5.9.16", "5.10.0-33-amd64", "6.1.0", "6.18", "10.0-rc1", "custom"})
  void explain_59OrNewerOrUnknownRelease_staysAsItIs(String release) {
    assertThat(KernelFeature.explain(refused, release)).isSameAs(refused);
  }

  @Test
  void explain_58_namesTheFeatureThatMayBeMissing() {
    assertThat(KernelFeature.explain(refused, "5.8.18"))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .hasMessage(
            "cannot load: EINVAL; this kernel is Linux 5.8.18, which lacks XDP links (since Linux 5.9)"
                + " unless its distributor has added that; LoadBalancer.inMemory() runs everywhere");
  }

  @Test
  void explain_olderKernels_namesEveryFeature() {
    assertThat(KernelFeature.explain(refused, "5.4.0-216-generic"))
        .hasMessageContaining("5.4.0-216-generic")
        .hasMessageContaining("mmap-able BPF arrays (since Linux 5.5)")
        .hasMessageContaining("read-only BPF maps as verifier constants (since Linux 5.5)")
        .hasMessageContaining("XDP links (since Linux 5.9)")
        .hasMessageNotContaining("5.3");
    assertThat(KernelFeature.explain(refused, "4.18.0-553.el8_10.x86_64"))
        .hasMessageContaining("32-bit jumps in BPF programs (since Linux 5.1)")
        .hasMessageContaining("frozen BPF maps (since Linux 5.2)")
        .hasMessageContaining("bounded loops in BPF programs (since Linux 5.3)");
  }

  @Test
  void explain_descriptorsRanOut_staysAsItIs() {
    Failure exhausted = new Failure(Failure.Kind.EXHAUSTED, "too many open files");
    assertThat(KernelFeature.explain(exhausted, "4.19.0")).isSameAs(exhausted);
  }
}
