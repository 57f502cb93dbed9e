package dev.katran.examples.testcontainers;

import java.nio.file.Path;
import org.testcontainers.images.builder.ImageFromDockerfile;

/** The images of the example, each built on first use. */
final class Images {

  /** The base image. */
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

  /** Returns the service's image with one more command run in it. */
  static ImageFromDockerfile serviceAfter(String name, String command) {
    String service = SERVICE.get();
    return named(name).withDockerfileFromBuilder(file -> file.from(service).run(command).build());
  }

  /** Names an image. It is kept after the tests, so that the next run can use the cached layers. */
  private static ImageFromDockerfile named(String name) {
    return new ImageFromDockerfile("katran-testcontainers-" + name, false);
  }
}
