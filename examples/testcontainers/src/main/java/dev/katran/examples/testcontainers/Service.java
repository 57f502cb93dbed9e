package dev.katran.examples.testcontainers;

import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.LoadBalancerException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** The service: opens a load balancer and keeps its backends up to date with their health. */
public final class Service {

  private Service() {}

  /** How long a new process waits until the old one has let go of the pinned balancer. */
  private static final Duration HAND_OVER = Duration.ofSeconds(10);

  /** Runs until the process is stopped; exits with 1 if it cannot start. */
  public static void main(String[] args) throws InterruptedException {
    try {
      run(Settings.from(System.getenv()));
      System.out.println("handed over");
      // If the process ended, it might be restarted and ask to get the balancer back.
      new CountDownLatch(1).await();
    } catch (IllegalArgumentException | LoadBalancerException | IOException e) {
      System.err.println("service: " + e.getMessage());
      System.exit(1);
    }
  }

  /** Runs until another process asks for the pinned balancer. */
  private static void run(Settings settings) throws IOException {
    try (LoadBalancer lb = open(settings)) {
      Fleet fleet = new Fleet(lb, settings.vips(), settings.backends());
      int port = settings.vips().getFirst().getPort();
      try (HealthChecks _ = HealthChecks.start(fleet, port);
          ControlServer _ = ControlServer.start(lb, fleet, settings.controlPort())) {
        System.out.println((lb.adopted() ? "adopted, serving " : "serving ") + lb.vips());
        // However the process ends: the kernel detaches the program, unless it is pinned.
        lb.handOverRequested().join();
      }
    }
  }

  private static LoadBalancer open(Settings settings) {
    LoadBalancerBuilder builder =
        LoadBalancer.on(settings.interfaceName())
            .attach(settings.attachMode())
            .limits(Limits.defaults().maxPacketSize(settings.maxPacketSize()))
            .sendPacketTooBig(true);
    settings.pinFolder().ifPresent(folder -> builder.pinnedAt(folder).adoptWithin(HAND_OVER));
    return builder.open();
  }
}
