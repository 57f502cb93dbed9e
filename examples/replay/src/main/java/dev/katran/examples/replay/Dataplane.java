package dev.katran.examples.replay;

import dev.katran.LibbpfException;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import java.util.Optional;

/** The dataplanes that can process frames. */
enum Dataplane {
  /** The program in the kernel, attached to no interface. */
  KERNEL("kernel") {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.detached();
    }

    @Override
    Optional<String> unavailabilityCause() {
      try {
        balancer().open().close();
        return Optional.empty();
      } catch (MissingCapabilityException | UnsupportedKernelException | LibbpfException e) {
        return Optional.of(e.getMessage());
      } catch (LoadBalancerException e) {
        // the platform is fine; opening the scenario's balancer will report this
        return Optional.empty();
      }
    }
  },

  /** The dataplane in plain Java. */
  JAVA("java") {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.inMemory();
    }

    @Override
    Optional<String> unavailabilityCause() {
      return Optional.empty();
    }
  };

  private final String label;

  Dataplane(String label) {
    this.label = label;
  }

  /** Returns the builder of a balancer on this dataplane. */
  abstract LoadBalancerBuilder balancer();

  /** Returns why this machine cannot run the dataplane; empty if it can. */
  abstract Optional<String> unavailabilityCause();

  @Override
  public String toString() {
    return label;
  }
}
