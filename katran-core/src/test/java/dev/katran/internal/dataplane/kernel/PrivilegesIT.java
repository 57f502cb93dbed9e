package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import dev.katran.AttachMode;
import dev.katran.Decapsulator;
import dev.katran.internal.dataplane.CapabilityProbe;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import dev.katran.needs.NeedsSetpriv;
import dev.katran.needs.UnprivilegedJvm;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The capabilities that each entry point of the library needs. */
@NeedsSetpriv
class PrivilegesIT {

  private static final Set<String> FINE_GRAINED = Set.of("bpf", "perfmon", "net_admin");
  private static final List<String> WITH_KERNEL =
      List.of("detached", "attached", "decapsulator", "listed decapsulator", "source restorer");
  private static final String OK = "OK";

  @TempDir static Path folder;

  private static UnprivilegedJvm jvm;
  private static Lab lab;
  private static Host host;
  private static Decapsulator decapsulator;

  /** The result of one entry point. */
  private record Outcome(String type, String message) {}

  @BeforeAll
  static void create() throws Exception {
    jvm = UnprivilegedJvm.in(folder);
    lab = Lab.create();
    host = lab.host("host");
    decapsulator = host.call(() -> Decapsulator.on("lo").attach(AttachMode.GENERIC).open());
  }

  @AfterAll
  static void close() {
    decapsulator.close();
    lab.close();
  }

  private static Map<String, Outcome> outcomes(Set<String> capabilities) throws Exception {
    return outcomes(jvm, capabilities);
  }

  private static Map<String, Outcome> outcomes(UnprivilegedJvm jvm, Set<String> capabilities)
      throws Exception {
    Process process =
        host.call(() -> jvm.start(CapabilityProbe.class, capabilities, Host.INTERFACE, "lo"));
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    output
        .lines()
        .map(line -> Splitter.on('\t').splitToList(line))
        .forEach(part -> outcomes.put(part.get(0), new Outcome(part.get(1), part.get(2))));
    return outcomes;
  }

  @Test
  void open_bpfPerfmonAndNetAdmin_sufficeForAllButTheLab() throws Exception {
    Map<String, Outcome> outcomes = outcomes(FINE_GRAINED);

    assertThat(outcomes.get("memory").type()).isEqualTo(OK);
    assertThat(outcomes.get("kernel").type()).isEqualTo(OK);
    assertThat(outcomes.get("kernel's decapsulator").type()).isEqualTo(OK);
    for (String function : WITH_KERNEL) {
      assertThat(outcomes.get(function)).as(function).isEqualTo(new Outcome(OK, ""));
    }
    assertThat(outcomes.get("busy").type()).isEqualTo("XdpHookBusyException");
    assertThat(outcomes.get("busy").message())
        .startsWith("lo already has another XDP program (program ")
        .endsWith(" which is not replaced; detach it first");
    assertThat(outcomes.get("lab").message()).contains("CAP_SYS_ADMIN");
  }

  @Test
  void open_sysAdminAndNetAdmin_suffice() throws Exception {
    Map<String, Outcome> outcomes = outcomes(Set.of("sys_admin", "net_admin"));

    assertThat(outcomes.get("kernel").type()).isEqualTo(OK);
    for (String function : WITH_KERNEL) {
      assertThat(outcomes.get(function)).as(function).isEqualTo(new Outcome(OK, ""));
    }
    assertThat(outcomes.get("busy").message()).contains("(decap)");
  }

  @ParameterizedTest
  @CsvSource({
    "bpf,       CAP_BPF,       EPERM",
    "net_admin, CAP_NET_ADMIN, EPERM",
    "perfmon,   CAP_PERFMON,   EACCES"
  })
  void open_oneCapabilityMissing_throwsNamingIt(String without, String name, String errno)
      throws Exception {
    Set<String> rest = new HashSet<>(FINE_GRAINED);
    rest.remove(without);

    Map<String, Outcome> outcomes = outcomes(rest);

    assertThat(outcomes.get("memory").type()).isEqualTo(OK);
    assertThat(outcomes.get("kernel").message()).contains(errno);
    assertThat(outcomes.get("kernel's decapsulator").message()).contains(errno);
    for (String function : WITH_KERNEL) {
      Outcome outcome = outcomes.get(function);
      assertThat(outcome.type()).as(function).isEqualTo("MissingCapabilityException");
      assertThat(outcome.message())
          .as(function)
          .contains("this process does not have: " + name)
          .doesNotContain(
              FINE_GRAINED.stream()
                  .filter(rest::contains)
                  .map(has -> "CAP_" + has.toUpperCase(Locale.ROOT))
                  .toArray(String[]::new));
    }
  }

  @Test
  void open_readOnlySysWithoutBpffs_succeeds() throws Exception {
    UnprivilegedJvm confined =
        jvm.after(
            "{ ! mountpoint -q /sys/fs/bpf || umount /sys/fs/bpf; } && mount -o bind /sys /sys"
                + " && mount -o remount,bind,ro /sys");

    assertThat(outcomes(confined, FINE_GRAINED).get("attached")).isEqualTo(new Outcome(OK, ""));
  }

  @Test
  void open_noSysfs_throwsNamingTheMount() throws Exception {
    Map<String, Outcome> outcomes = outcomes(jvm.after("mount -t tmpfs none /sys"), FINE_GRAINED);

    assertThat(outcomes.get("attached").type()).isEqualTo("LoadBalancerException");
    assertThat(outcomes.get("attached").message()).contains("mount sysfs at /sys");
  }
}
