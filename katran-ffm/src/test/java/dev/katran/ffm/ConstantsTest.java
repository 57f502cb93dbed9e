package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_map_info;
import dev.katran.ffm.generated.libbpf.bpf_prog_info;
import dev.katran.ffm.generated.libbpf.bpf_test_run_opts;
import dev.katran.ffm.generated.libbpf.xdp_md;
import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;

/** Needs no kernel, but libbpf: the bindings look for it as soon as they are touched. */
@KernelTest
class ConstantsTest {

  @Test
  void constantsAreTheKernels() throws ReflectiveOperationException {
    for (Field constant : BpfConstants.class.getFields()) {
      if (constant.getName().startsWith("BPF_LOG_")) {
        continue; // no part of the kernel's headers
      }
      Number binding = (Number) Libbpf.class.getMethod(constant.getName()).invoke(null);
      assertThat(((Number) constant.get(null)).longValue())
          .as(constant.getName())
          .isEqualTo(binding.longValue());
    }
  }

  @Test
  void structuresHaveTheSizesOfLinuxBpfH() {
    assertThat(xdp_md.layout().byteSize()).isEqualTo(24);
    assertThat(bpf_map_info.layout().byteSize()).isEqualTo(88);
    assertThat(bpf_prog_info.layout().byteSize()).isEqualTo(232);
    assertThat(bpf_test_run_opts.layout().byteSize()).isEqualTo(80);
  }
}
