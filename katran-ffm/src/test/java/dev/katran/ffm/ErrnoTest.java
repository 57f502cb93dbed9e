package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;

class ErrnoTest {

  @Test
  void namesAreThoseOfC() {
    assertThat(Errno.name(1)).isEqualTo("EPERM");
    assertThat(Errno.name(11)).isEqualTo("EAGAIN");
    assertThat(Errno.name(35)).isEqualTo("EDEADLK");
    assertThat(Errno.name(95)).isEqualTo("EOPNOTSUPP");
    assertThat(Errno.name(133)).isEqualTo("EHWPOISON");
  }

  @Test
  void descriptionsSayWhatTheNameMeans() {
    assertThat(Errno.describe(1)).isEqualTo("EPERM (Operation not permitted)");
    assertThat(Errno.describe(28)).isEqualTo("ENOSPC (No space left on device)");
  }

  @Test
  void knowsWhatLeaksOutOfTheKernelAndOfLibbpf() {
    assertThat(Errno.name(524)).isEqualTo("ENOTSUPP");
    assertThat(Errno.name(4001)).isEqualTo("LIBBPF_ERRNO__FORMAT");
  }

  @Test
  void unknownNumbersStayNumbers() {
    assertThat(Errno.name(4711)).isEqualTo("errno 4711");
    assertThat(Errno.describe(4711)).isEqualTo("errno 4711");
  }

  @Test
  void constantsAreCalledWhatTheTableCallsThem() throws IllegalAccessException {
    for (Field field : Errno.class.getFields()) {
      assertThat(Errno.name(field.getInt(null))).isEqualTo(field.getName());
    }
  }
}
