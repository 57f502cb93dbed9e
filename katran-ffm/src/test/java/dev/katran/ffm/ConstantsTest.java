package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_map_info;
import dev.katran.ffm.generated.libbpf.bpf_prog_info;
import dev.katran.ffm.generated.libbpf.bpf_test_run_opts;
import dev.katran.ffm.generated.libbpf.xdp_md;
import java.lang.reflect.Field;
import org.junit.jupiter.api.Test;

/** Does not call the kernel, but the bindings load libbpf when they are initialised. */
@KernelTest
class ConstantsTest {

  @Test
  void constants_matchTheBindings() throws ReflectiveOperationException {
    for (Field constant : BpfConstants.class.getFields()) {
      if (constant.getName().startsWith("BPF_LOG_")) {
        continue; // not in the uapi headers, so the bindings lack them
      }
      Number binding = (Number) Libbpf.class.getMethod(constant.getName()).invoke(null);
      assertThat(((Number) constant.get(null)).longValue())
          .as(constant.getName())
          .isEqualTo(binding.longValue());
    }
  }

  @Test
  void structs_haveTheSizesOfLinuxBpfH() {
    assertThat(xdp_md.layout().byteSize()).isEqualTo(24);
    assertThat(bpf_map_info.layout().byteSize()).isEqualTo(88);
    assertThat(bpf_prog_info.layout().byteSize()).isEqualTo(232);
    assertThat(bpf_test_run_opts.layout().byteSize()).isEqualTo(80);
  }
}
