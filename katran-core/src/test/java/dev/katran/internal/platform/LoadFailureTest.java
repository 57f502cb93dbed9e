package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.BpfException;
import dev.katran.internal.failure.Failure;
import org.junit.jupiter.api.Test;

class LoadFailureTest {

  private static final int EPERM = 1;
  private static final int E2BIG = 7;
  private static final int ENOSYS = 38;

  private static final String FIRST_NAMESPACE = "         0          0 4294967295\n";
  private static final String ROOTLESS = "         0       1000          1\n";
  private static final String FILTERED = "Name:\tjava\nSeccomp:\t2\nSeccomp_filters:\t1\n";
  private static final String UNFILTERED = "Name:\tjava\nSeccomp:\t0\nSeccomp_filters:\t0\n";

  @Test
  void explain_eperm_listsCapabilitiesAndReason() {
    BpfException refusal = new BpfException("create map vips", EPERM);

    Failure explained = LoadFailure.explain("cannot load the program", refusal);

    assertThat(explained)
        .returns(Failure.Kind.MISSING_CAPABILITY, Failure::kind)
        .hasCause(refusal)
        .hasMessageStartingWith(
            "cannot load the program: create map vips: EPERM (Operation not permitted), although"
                + " this process has the capabilities: ");
  }

  @Test
  void explain_enosys_namesKernelOption() {
    BpfException refusal = new BpfException("create map vips", ENOSYS);

    assertThat(LoadFailure.explain("cannot load the program", refusal))
        .returns(Failure.Kind.UNSUPPORTED_KERNEL, Failure::kind)
        .hasCause(refusal)
        .hasMessageContaining("CONFIG_BPF_SYSCALL");
  }

  @Test
  void explain_otherErrno_keepsMessage() {
    BpfException refusal = new BpfException("create map vips", E2BIG);

    assertThat(LoadFailure.explain("cannot load the program", refusal))
        .returns(Failure.Kind.REFUSED, Failure::kind)
        .hasCause(refusal)
        .hasMessage("cannot load the program: " + refusal.getMessage());
  }

  @Test
  void reason_userNamespaceAndSeccomp_namesUserNamespace() {
    assertThat(LoadFailure.reason(ROOTLESS, FILTERED, "6.1.0")).contains("user namespace");
  }

  @Test
  void reason_kernelBefore511_namesLockedMemoryLimit() {
    assertThat(LoadFailure.reason(FIRST_NAMESPACE, UNFILTERED, "5.10.0-33-amd64"))
        .contains("memlock");
    assertThat(LoadFailure.reason(FIRST_NAMESPACE, UNFILTERED, "5.11.0")).doesNotContain("memlock");
  }

  @Test
  void reason_seccompFilter_namesIt() {
    assertThat(LoadFailure.reason(FIRST_NAMESPACE, FILTERED, "6.1.0"))
        .contains("seccomp")
        .contains("--security-opt");
  }

  @Test
  void reason_noOtherCause_namesSecurityModule() {
    assertThat(LoadFailure.reason(FIRST_NAMESPACE, UNFILTERED, "6.1.0"))
        .contains("security module");
    assertThat(LoadFailure.reason("", "", "6.1.0")).contains("security module");
  }
}
