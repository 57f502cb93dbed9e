package dev.katran.ffm.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ElfFileTest {

  private static final int E_MACHINE = 18;

  private final byte[] whole = read();

  @Test
  void problem_completeObject_isEmpty() {
    assertThat(problem(whole)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 9, 1000})
  void problem_notElf_isReported(int length) {
    byte[] text = "#!/bin/sh ".repeat(100).getBytes(US_ASCII);

    assertThat(problem(Arrays.copyOf(text, length)))
        .hasValue("not an ELF file (" + length + " bytes)");
  }

  @Test
  void problem_otherMachine_isReported() {
    byte[] other = whole.clone();
    other[E_MACHINE] = 62;

    assertThat(problem(other)).hasValue("an ELF file for another machine, not for BPF");
  }

  @Test
  void problem_truncatedAnywhere_isReported() {
    for (int length = 0; length < whole.length; length++) {
      assertThat(problem(Arrays.copyOf(whole, length))).isPresent();
    }
  }

  @Test
  void problem_sectionBeyondTheFile_isReported() {
    byte[] broken = whole.clone();
    long headers = MemorySegment.ofArray(whole).get(ValueLayout.JAVA_LONG_UNALIGNED, 40);
    Arrays.fill(broken, (int) headers + 64 + 32, (int) headers + 64 + 39, (byte) 0xff);

    assertThat(problem(broken))
        .get()
        .asString()
        .startsWith("truncated: section 1 exceeds the file's ");
  }

  private static Optional<String> problem(byte[] bytes) {
    return ElfFile.problem(MemorySegment.ofArray(bytes));
  }

  private static byte[] read() {
    try (InputStream in = ElfFileTest.class.getResourceAsStream("/dev/katran/ffm/lab.bpf.o")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
