package dev.katran.golden;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.needs.NeedsKernel;

@NeedsKernel
class KernelGoldenPacketsTest extends GoldenPacketsContract {

  @Override
  LoadBalancerBuilder balancer() {
    return LoadBalancer.detached();
  }
}
