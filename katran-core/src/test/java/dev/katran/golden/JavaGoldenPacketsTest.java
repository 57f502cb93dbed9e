package dev.katran.golden;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;

class JavaGoldenPacketsTest extends GoldenPacketsContract {

  @Override
  LoadBalancerBuilder balancer() {
    return LoadBalancer.inMemory();
  }
}
