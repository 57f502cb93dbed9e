package dev.katran.examples.replay;

import com.google.common.collect.ImmutableList;

/** The dataplanes that process each frame. */
enum DataplaneChoice {
  /** The kernel's. */
  KERNEL(ImmutableList.of(Dataplane.KERNEL)),
  /** Plain Java. */
  JAVA(ImmutableList.of(Dataplane.JAVA)),
  /** Both, which must agree. */
  BOTH(ImmutableList.of(Dataplane.KERNEL, Dataplane.JAVA));

  private final ImmutableList<Dataplane> dataplanes;

  DataplaneChoice(ImmutableList<Dataplane> dataplanes) {
    this.dataplanes = dataplanes;
  }

  ImmutableList<Dataplane> dataplanes() {
    return dataplanes;
  }

  /** Returns the name that the command line uses. */
  @Override
  public String toString() {
    return this == BOTH ? "both" : dataplanes.getFirst().toString();
  }
}
