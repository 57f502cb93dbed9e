package dev.katran.examples.testcontainers;

import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;

/** The service: opens a load balancer and keeps its backends up to date with their health. */
public final class Service {

  private Service() {}

  /** Runs until the process is stopped; exits with 1 if it cannot start. */
  public static void main(String[] args) throws InterruptedException {
    try {
      run(Settings.from(System.getenv()));
    } catch (IllegalArgumentException | LoadBalancerException | IOException e) {
      System.err.println("service: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void run(Settings settings) throws IOException, InterruptedException {
    try (LoadBalancer lb = open(settings)) {
      Fleet fleet = new Fleet(lb, settings.vips(), settings.backends());
      int port = settings.vips().getFirst().getPort();
      try (HealthChecks _ = HealthChecks.start(fleet, port);
          ControlServer _ = ControlServer.start(lb, fleet, settings.controlPort())) {
        System.out.println("serving " + lb.vips());
        // The kernel detaches the program when the process ends, however it ends.
        new CountDownLatch(1).await();
      }
    }
  }

  private static LoadBalancer open(Settings settings) {
    return LoadBalancer.on(settings.interfaceName())
        .attach(settings.attachMode())
        .limits(Limits.defaults().maxPacketSize(settings.maxPacketSize()))
        .sendPacketTooBig(true)
        .open();
  }
}
