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

class ElfFileTest {

  private static final int E_MACHINE = 18;

  private final byte[] whole = read();

  @Test
  void aWholeObjectIsFine() {
    assertThat(problem(whole)).isEmpty();
  }

  @Test
  void anythingElseIsNoElfFile() {
    assertThat(problem(new byte[0])).hasValue("not an ELF file (0 bytes)");
    assertThat(problem("#!/bin/sh".getBytes(US_ASCII))).hasValue("not an ELF file (9 bytes)");
    assertThat(problem(new byte[1000])).hasValue("not an ELF file (1000 bytes)");
  }

  @Test
  void anotherMachinesFileIsNotForBpf() {
    byte[] other = whole.clone();
    other[E_MACHINE] = 62;

    assertThat(problem(other)).hasValue("an ELF file, but not for BPF");
  }

  @Test
  void anObjectCutAnywhereIsNoticed() {
    for (int length = 0; length < whole.length; length++) {
      assertThat(problem(Arrays.copyOf(whole, length))).isPresent();
    }
  }

  @Test
  void aSectionThatPointsOutsideIsNoticed() {
    byte[] broken = whole.clone();
    long headers = MemorySegment.ofArray(whole).get(ValueLayout.JAVA_LONG_UNALIGNED, 40);
    Arrays.fill(broken, (int) headers + 64 + 32, (int) headers + 64 + 39, (byte) 0xff);

    assertThat(problem(broken)).get().asString().startsWith("truncated: section 1 is not within");
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
