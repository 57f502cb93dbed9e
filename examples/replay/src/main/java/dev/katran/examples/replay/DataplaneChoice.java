package dev.katran.examples.replay;

import com.google.common.collect.ImmutableList;

/** Which dataplanes frames are given to. */
enum DataplaneChoice {
  /** The kernel's. */
  KERNEL(ImmutableList.of(Dataplane.KERNEL)),
  /** Plain Java. */
  JAVA(ImmutableList.of(Dataplane.JAVA)),
  /** Both, which must do the same. */
  BOTH(ImmutableList.of(Dataplane.KERNEL, Dataplane.JAVA));

  private final ImmutableList<Dataplane> dataplanes;

  DataplaneChoice(ImmutableList<Dataplane> dataplanes) {
    this.dataplanes = dataplanes;
  }

  ImmutableList<Dataplane> dataplanes() {
    return dataplanes;
  }

  /** As it is written on the command line. */
  @Override
  public String toString() {
    return this == BOTH ? "both" : dataplanes.getFirst().toString();
  }
}
