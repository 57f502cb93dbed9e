package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.bpf.BpfPrograms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The compiled BPF objects do not depend on the CPU, except for its byte order. */
class ObjectFilesTest {

  private static final int ELFCLASS64 = 2;
  private static final int ELFDATA2LSB = 1;
  private static final int EM_BPF = 247;
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @Test
  void objects_all_areLittleEndianBpf() {
    for (byte[] object :
        List.of(
            BpfPrograms.balancer(),
            BpfPrograms.decap(),
            BpfPrograms.restore(),
            BpfPrograms.pass())) {
      assertThat(object[4]).isEqualTo((byte) ELFCLASS64);
      assertThat(object[5]).isEqualTo((byte) ELFDATA2LSB);
      assertThat(MemorySegment.ofArray(object).get(HALF, 18)).isEqualTo((short) EM_BPF);
    }
  }
}
