package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrnoTest {

  @ParameterizedTest
  @CsvSource({
    "1, EPERM",
    "11, EAGAIN",
    "35, EDEADLK",
    "95, EOPNOTSUPP",
    "133, EHWPOISON",
    "524, ENOTSUPP",
    "4001, LIBBPF_ERRNO__FORMAT",
  })
  void name_knownNumber_isTheCName(int errno, String name) {
    assertThat(Errno.name(errno)).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({"1, EPERM (Operation not permitted)", "28, ENOSPC (No space left on device)"})
  void describe_knownNumber_addsTheMeaning(int errno, String description) {
    assertThat(Errno.describe(errno)).isEqualTo(description);
  }

  @Test
  void name_unknownNumber_isTheNumber() {
    assertThat(Errno.name(4711)).isEqualTo("errno 4711");
    assertThat(Errno.describe(4711)).isEqualTo("errno 4711");
  }

  @Test
  void constants_matchTheTable() throws IllegalAccessException {
    for (Field field : Errno.class.getFields()) {
      assertThat(Errno.name(field.getInt(null))).isEqualTo(field.getName());
    }
  }
}
