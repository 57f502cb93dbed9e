package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BpfExceptionTest {

  @Test
  void message_withoutLog_namesOperationAndErrno() {
    BpfException e = new BpfException("update map vips", Errno.E2BIG);

    assertThat(e).hasMessage("update map vips: E2BIG (Argument list too long)");
    assertThat(e.operation()).isEqualTo("update map vips");
    assertThat(e.errno()).isEqualTo(7);
    assertThat(e.errnoName()).isEqualTo("E2BIG");
    assertThat(e.log()).isEmpty();
  }

  @Test
  void message_shortLog_endsWithTheLog() {
    BpfException e = new BpfException("load program p", Errno.EACCES, "0: r1 = 0\nno way\n");

    assertThat(e).hasMessage("load program p: EACCES (Permission denied)\n0: r1 = 0\nno way");
  }

  @Test
  void message_longLog_endsWithItsLastLines() {
    String log =
        IntStream.range(0, 1000).mapToObj(i -> "line " + i).collect(Collectors.joining("\n"));
    BpfException e = new BpfException("load program p", Errno.EACCES, log);

    assertThat(e.getMessage())
        .contains("... (940 lines omitted)\nline 940\n")
        .endsWith("\nline 999")
        .doesNotContain("line 939");
    assertThat(e.log()).isEqualTo(log);
  }

  @ParameterizedTest
  @CsvSource({
    Errno.ENOTSUPP + ", true",
    Errno.EOPNOTSUPP + ", true",
    Errno.EINVAL + ", false",
  })
  void isNotSupported_dependsOnErrno(int errno, boolean expected) {
    assertThat(new BpfException("update map rings", errno).isNotSupported()).isEqualTo(expected);
  }
}
