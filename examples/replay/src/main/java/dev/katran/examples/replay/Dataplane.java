package dev.katran.examples.replay;

import dev.katran.LibbpfException;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import java.util.Optional;

/** Who does with frames what is to be done. */
enum Dataplane {
  /** The program in the kernel, attached to no interface. */
  KERNEL("kernel") {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.detached();
    }

    @Override
    Optional<String> whyUnusable() {
      try {
        balancer().open().close();
        return Optional.empty();
      } catch (MissingCapabilityException | UnsupportedKernelException | LibbpfException e) {
        return Optional.of(e.getMessage());
      } catch (LoadBalancerException e) {
        // nothing is missing: whoever plays will be told
        return Optional.empty();
      }
    }
  },

  /** Plain Java. */
  JAVA("java") {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.inMemory();
    }

    @Override
    Optional<String> whyUnusable() {
      return Optional.empty();
    }
  };

  private final String label;

  Dataplane(String label) {
    this.label = label;
  }

  /** A balancer that has this dataplane, to be opened. */
  abstract LoadBalancerBuilder balancer();

  /** What is missing on this machine, if something is. */
  abstract Optional<String> whyUnusable();

  @Override
  public String toString() {
    return label;
  }
}
