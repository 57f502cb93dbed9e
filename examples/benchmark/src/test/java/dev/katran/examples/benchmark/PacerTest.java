package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PacerTest {

  @Test
  void awaitNext_moreThanAPeriod_restWaitsForTheNext() throws InterruptedException {
    Pacer pacer = new Pacer();
    long start = System.nanoTime();
    assertThat(pacer.awaitNext(30_000)).isEqualTo(30_000);
    assertThat(pacer.awaitNext(100_000)).isEqualTo(70_000);
    assertThat(pacer.awaitNext(30_000)).isEqualTo(30_000);
    assertThat(System.nanoTime() - start).isGreaterThan(1_000_000_000);
  }
}
