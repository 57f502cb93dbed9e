package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import dev.katran.ffm.BpfException;
import org.junit.jupiter.api.Test;

class LoadRefusalTest {

  private static final int EPERM = 1;
  private static final int E2BIG = 7;
  private static final int ENOSYS = 38;

  private static final String FIRST_NAMESPACE = "         0          0 4294967295\n";
  private static final String ROOTLESS = "         0       1000          1\n";
  private static final String FILTERED = "Name:\tjava\nSeccomp:\t2\nSeccomp_filters:\t1\n";
  private static final String FREE = "Name:\tjava\nSeccomp:\t0\nSeccomp_filters:\t0\n";

  @Test
  void tellsThatTheCapabilitiesAreThereAndTheyAreNotEnough() {
    BpfException refusal = new BpfException("create map vips", EPERM);

    LoadBalancerException explained = LoadRefusal.explain("cannot load the program", refusal);

    assertThat(explained)
        .isInstanceOf(MissingCapabilityException.class)
        .hasCause(refusal)
        .hasMessageStartingWith(
            "cannot load the program: create map vips: EPERM (Operation not permitted), although"
                + " this process has the capabilities: ");
  }

  @Test
  void tellsHowToBuildAKernelThatHasNoBpf() {
    BpfException refusal = new BpfException("create map vips", ENOSYS);

    assertThat(LoadRefusal.explain("cannot load the program", refusal))
        .isInstanceOf(UnsupportedKernelException.class)
        .hasCause(refusal)
        .hasMessageContaining("CONFIG_BPF_SYSCALL");
  }

  @Test
  void leavesOtherErrorsAsTheyAre() {
    BpfException refusal = new BpfException("create map vips", E2BIG);

    assertThat(LoadRefusal.explain("cannot load the program", refusal))
        .isExactlyInstanceOf(LoadBalancerException.class)
        .hasCause(refusal)
        .hasMessage("cannot load the program: " + refusal.getMessage());
  }

  @Test
  void namesTheUserNamespaceBeforeTheFilterThatContainersHaveAnyway() {
    assertThat(LoadRefusal.reason(ROOTLESS, FILTERED, "6.1.0")).contains("user namespace");
  }

  @Test
  void namesTheLimitOfLockedMemoryOnKernelsThatCountIt() {
    assertThat(LoadRefusal.reason(FIRST_NAMESPACE, FREE, "5.10.0-33-amd64")).contains("memlock");
    assertThat(LoadRefusal.reason(FIRST_NAMESPACE, FREE, "5.11.0")).doesNotContain("memlock");
  }

  @Test
  void namesTheSeccompFilter() {
    assertThat(LoadRefusal.reason(FIRST_NAMESPACE, FILTERED, "6.1.0"))
        .contains("seccomp")
        .contains("--security-opt");
  }

  @Test
  void namesWhatIsLeft() {
    assertThat(LoadRefusal.reason(FIRST_NAMESPACE, FREE, "6.1.0")).contains("security module");
    assertThat(LoadRefusal.reason("", "", "6.1.0")).contains("security module");
  }
}
