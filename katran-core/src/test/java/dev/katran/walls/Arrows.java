package dev.katran.walls;

import static dev.katran.walls.Room.ABI;
import static dev.katran.walls.Room.ASSEMBLY;
import static dev.katran.walls.Room.BPF;
import static dev.katran.walls.Room.CONFIGURATION;
import static dev.katran.walls.Room.CONTROL;
import static dev.katran.walls.Room.FAILURE;
import static dev.katran.walls.Room.FFM;
import static dev.katran.walls.Room.HANDLES;
import static dev.katran.walls.Room.KERNEL;
import static dev.katran.walls.Room.LAB;
import static dev.katran.walls.Room.MEMORY;
import static dev.katran.walls.Room.METRICS;
import static dev.katran.walls.Room.NET;
import static dev.katran.walls.Room.NEXTHOP;
import static dev.katran.walls.Room.PACKET;
import static dev.katran.walls.Room.PLATFORM;
import static dev.katran.walls.Room.PORT;
import static dev.katran.walls.Room.RECORDING;
import static dev.katran.walls.Room.RING;
import static dev.katran.walls.Room.VALUES;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;

/**
 * The rooms that one room may use, besides itself and the libraries.
 *
 * @param because why not more of them
 */
record Arrows(Room from, ImmutableSet<Room> to, String because) {

  /** One entry per room of this module. A new dependency is a decision that is made here. */
  static final ImmutableList<Arrows> ALL =
      ImmutableList.of(
          from(VALUES)
              .mayUse(NET, RING, CONFIGURATION)
              .because("a value means the same with every dataplane, and without one"),
          from(HANDLES)
              .mayUse(VALUES, CONTROL, ASSEMBLY, PORT, FAILURE, NET)
              .because("a handle works with every dataplane, so it never names one"),
          from(METRICS)
              .mayUse(VALUES, HANDLES)
              .because("metrics are glue that an application could have written itself"),
          from(LAB)
              .mayUse(FFM, BPF)
              .because("the lab builds networks and is not concerned with load balancing"),
          from(ASSEMBLY)
              .mayUse(
                  VALUES, CONTROL, PORT, KERNEL, MEMORY, PLATFORM, NEXTHOP, PACKET, NET, FAILURE,
                  FFM)
              .because("it chooses a dataplane and passes it on as the port"),
          from(CONTROL)
              .mayUse(VALUES, CONFIGURATION, PORT, PACKET, NEXTHOP, NET, FAILURE, RECORDING)
              .because(
                  "the control plane does the same for every dataplane, with or without Linux"),
          from(PORT)
              .mayUse(VALUES, PACKET, RING, NET)
              .because("what both dataplanes share depends on neither of them"),
          from(KERNEL)
              .mayUse(PORT, VALUES, PACKET, NET, PLATFORM, FAILURE, RECORDING, FFM, BPF, ABI)
              .because("an adapter implements the port and does not depend on its caller"),
          from(MEMORY)
              .mayUse(PORT, VALUES, PACKET)
              .because("the twin runs on every system, and shares no code with what it checks"),
          from(PACKET)
              .mayUse(NET, VALUES)
              .because("it reads and writes frames and holds no tables of a dataplane"),
          from(PLATFORM)
              .mayUse(FFM, FAILURE, VALUES)
              .because("it checks what Linux offers, whichever program is loaded"),
          from(NEXTHOP)
              .mayUse(FFM, NET, PACKET, VALUES)
              .because("a next hop belongs to an address, whichever backend has it"),
          from(CONFIGURATION)
              .mayUse(VALUES, NET)
              .because("what is written is what the values' own accessors and builders offer"),
          from(RING).mayUse().because("a ring is computed from numbers alone"),
          from(NET).mayUse().because("every other room may use it"),
          from(RECORDING).mayUse().because("every room below the handles may record"),
          from(FAILURE).mayUse().because("every room below the handles may throw it"));

  /** Returns whether a class of the room may use a class of another one. */
  boolean allow(Room target) {
    return target == from || to.contains(target);
  }

  private static Builder from(Room room) {
    return new Builder(room, ImmutableSet.of());
  }

  private record Builder(Room from, ImmutableSet<Room> to) {

    Builder mayUse(Room... rooms) {
      return new Builder(from, ImmutableSet.copyOf(rooms));
    }

    Arrows because(String reason) {
      return new Arrows(from, to, reason);
    }
  }

  /** Returns the room's name, for the names of parameterized tests. */
  @Override
  public String toString() {
    return from.name();
  }
}
