package dev.katran.examples.testcontainers;

import java.nio.file.Path;
import org.testcontainers.images.builder.ImageFromDockerfile;

/** The example's images, each built when it is first needed. */
final class Images {

  /** What they are built on. */
  static final String BASE = System.getProperty("katran.baseImage");

  static final ImageFromDockerfile SERVICE = stage("service");
  static final ImageFromDockerfile BACKEND = stage("backend");
  static final ImageFromDockerfile CLIENT = stage("client");

  private Images() {}

  private static ImageFromDockerfile stage(String name) {
    return named(name)
        .withFileFromPath("Dockerfile", Path.of("src/main/docker/Dockerfile"))
        .withFileFromPath("service.jar", Path.of(System.getProperty("katran.jar")))
        .withBuildArg("BASE_IMAGE", BASE)
        .withTarget(name);
  }

  /** The service's image with one more step. */
  static ImageFromDockerfile serviceAfter(String name, String command) {
    String service = SERVICE.get();
    return named(name).withDockerfileFromBuilder(file -> file.from(service).run(command).build());
  }

  /** Kept when the tests end, so that the next ones find what has not changed. */
  private static ImageFromDockerfile named(String name) {
    return new ImageFromDockerfile("katran-testcontainers-" + name, false);
  }
}
