package dev.katran.examples.testcontainers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;

/**
 * A Docker volume that is a BPF file system. The engine mounts it while a container that has it
 * runs; pins are lost when the last one stops. A service mounts its host's {@code /sys/fs/bpf}
 * instead, which outlives all containers.
 *
 * @param name the name of the volume
 */
record BpfVolume(String name) implements AutoCloseable {

  private static final String PATH = "/sys/fs/bpf";

  /** A folder for pins, as containers see it. */
  static final String FOLDER = PATH + "/katran";

  static BpfVolume create() {
    return new BpfVolume(
        client()
            .createVolumeCmd()
            .withDriver("local")
            .withDriverOpts(Map.of("type", "bpf", "device", "bpf"))
            .exec()
            .getName());
  }

  /** Mounts the volume in a container. */
  void mount(CreateContainerCmd command) {
    command
        .getHostConfig()
        .withMounts(
            List.of(new Mount().withType(MountType.VOLUME).withSource(name).withTarget(PATH)));
  }

  private static DockerClient client() {
    return DockerClientFactory.instance().client();
  }

  @Override
  public void close() {
    client().removeVolumeCmd(name).exec();
  }
}
