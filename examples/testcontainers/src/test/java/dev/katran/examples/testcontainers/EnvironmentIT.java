package dev.katran.examples.testcontainers;

import static com.github.dockerjava.api.model.Capability.NET_ADMIN;
import static com.github.dockerjava.api.model.Capability.SYS_ADMIN;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.OutputFrame.OutputType;
import org.testcontainers.containers.startupcheck.StartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;

/** Checks the one-line error that the service prints where it cannot work. */
@NeedsDocker
class EnvironmentIT {

  /** Grants the capabilities that the service needs. */
  private static final Consumer<CreateContainerCmd> GRANTED =
      command -> TestBed.grant(command, SYS_ADMIN, NET_ADMIN);

  /** A seccomp profile that forbids only bpf(2). */
  private static final String NO_BPF =
      """
      {"defaultAction": "SCMP_ACT_ALLOW",
       "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}]}
      """;

  @Test
  void start_missingCapabilities_namesThemAndTheDockerOptions(TestInfo test) {
    assertThat(errorLine(test, Images.SERVICE, command -> {}))
        .isEqualTo(
            "service: XDP needs capabilities that this process does not have: CAP_BPF (or"
                + " CAP_SYS_ADMIN), CAP_PERFMON (or CAP_SYS_ADMIN), CAP_NET_ADMIN; run it as root,"
                + " or its container with --cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN");
  }

  @Test
  void start_seccompForbidsBpf_explainsIt(TestInfo test) {
    assertThat(
            errorLine(
                test,
                Images.SERVICE,
                GRANTED.andThen(command ->
                    command.getHostConfig().withSecurityOpts(List.of("seccomp=" + NO_BPF)))))
        .startsWith("service: cannot load the program: ")
        .contains("EPERM")
        .endsWith(
            "it is under a seccomp filter, which must allow bpf(2); run its container with"
                + " --security-opt seccomp=unconfined or a profile that does");
  }

  @Test
  void start_missingLibbpf_namesThePackage(TestInfo test) {
    ImageFromDockerfile image =
        Images.serviceAfter(
            "without-libbpf", "find / -xdev -name 'libbpf.so*' -delete && ldconfig");
    assertThat(errorLine(test, image, GRANTED))
        .startsWith("service: libbpf.so.1 was not found; install libbpf: ")
        .contains("apt-get install libbpf1");
  }

  @Test
  void start_unknownInterface_namesIt(TestInfo test) {
    assertThat(
            errorLine(
                test,
                Images.SERVICE,
                GRANTED.andThen(command ->
                    command.withEnv("KATRAN_VIPS=203.0.113.10:80", "KATRAN_INTERFACE=eth9"))))
        .isEqualTo("service: there is no network interface \"eth9\" in this network namespace");
  }

  @Test
  void start_readOnlySysAndNoBpffs_serves() throws Exception {
    try (GenericContainer<?> service = service(Images.SERVICE, GRANTED)) {
      service.waitingFor(Wait.forLogMessage("serving .*\n", 1)).start();

      assertThat(service.execInContainer("cat", "/proc/mounts").getStdout())
          .containsPattern("(?m)^sysfs /sys sysfs ro,")
          .doesNotContainPattern("(?m)^\\S+ \\S+ bpf ");
    }
  }

  /** Runs a service that cannot start and returns its only line on standard error. */
  private static String errorLine(
      TestInfo test, ImageFromDockerfile image, Consumer<CreateContainerCmd> modifier) {
    ContainerLogs logs = ContainerLogs.of(test);
    try (GenericContainer<?> service = service(image, modifier)) {
      service.withStartupCheckStrategy(new Exited()).start();
      logs.keep("service", service);
      assertThat(service.getCurrentContainerInfo().getState().getExitCodeLong()).isEqualTo(1);
      List<String> lines = service.getLogs(OutputType.STDERR).lines().toList();
      assertThat(lines).hasSize(1);
      return lines.getFirst();
    }
  }

  private static GenericContainer<?> service(
      ImageFromDockerfile image, Consumer<CreateContainerCmd> modifier) {
    return new GenericContainer<>(image)
        .withEnv("KATRAN_ATTACH", "GENERIC")
        .withEnv("KATRAN_VIPS", "203.0.113.10:80")
        .withCreateContainerCmdModifier(modifier);
  }

  /** Treats a container as started once it has exited, whatever its exit code. */
  private static final class Exited extends StartupCheckStrategy {
    @Override
    public StartupStatus checkStartupState(DockerClient client, String containerId) {
      return "exited".equals(getCurrentState(client, containerId).getStatus())
          ? StartupStatus.SUCCESSFUL
          : StartupStatus.NOT_YET_KNOWN;
    }
  }
}
