package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.LibbpfLibrary.Version;
import dev.katran.ffm.internal.BundledLibraries;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibbpfLibraryTest {

  @Test
  void check_missingLibrary_namesThePackages() {
    BundledLibraries bundled = BundledLibraries.forThisMachine();

    assertThatThrownBy(() -> LibbpfLibrary.check("libnowhere.so.1", "libnowhere.so.0", bundled))
        .isInstanceOf(LibbpfMissingException.class)
        .hasMessage(
            "libnowhere.so.1 was not found; install libbpf: Debian/Ubuntu `apt-get install"
                + " libbpf1`, Fedora/RHEL `dnf install libbpf`, Alpine `apk add libbpf`; or add to"
                + " the class path dev.katran:katran-ffm with the classifier natives-"
                + bundled.platform());
  }

  @Test
  void check_versionBefore1_throws() {
    assertThatThrownBy(() -> LibbpfLibrary.check(new Version(0, 8)))
        .isInstanceOf(LibbpfTooOldException.class)
        .hasMessage("libbpf 1.0 or later is needed, this system has 0.8");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void check_version1OrLater_passes(int major) {
    assertThatCode(() -> LibbpfLibrary.check(new Version(major, 0))).doesNotThrowAnyException();
  }

  @Test
  void find_libraryWithoutVersion_returnsZero() {
    assertThat(LibbpfLibrary.find("libc.so.6").map(Version::toString)).hasValue("0.0");
  }

  @Test
  void nativeAccessDenied_message_namesTheFlag() {
    IllegalCallerException cause = new IllegalCallerException();

    assertThat(new NativeAccessDeniedException(Object.class.getModule(), cause))
        .hasMessage("the JVM denies native access; start it with --enable-native-access=java.base")
        .hasCause(cause);
    assertThat(NativeAccessDeniedException.flag(LibbpfLibraryTest.class.getModule()))
        .isEqualTo("--enable-native-access=ALL-UNNAMED");
  }

  @Test
  @KernelTest
  void version_installedLibrary_isReported() {
    assertThat(LibbpfLibrary.version()).matches("[1-9]\\d*\\.\\d+");
  }
}
