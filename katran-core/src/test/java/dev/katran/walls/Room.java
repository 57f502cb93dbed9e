package dev.katran.walls;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import dev.katran.Counters;
import dev.katran.Decapsulator;
import dev.katran.DownBackends;
import dev.katran.Flows;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.LoadBalancerException;
import dev.katran.ProgramTimer;
import dev.katran.SourceRestorer;
import dev.katran.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A part of the project that dependency rules apply to as a whole. */
enum Room {
  /** The immutable values of {@code dev.katran}. */
  VALUES,
  /** The classes of {@code dev.katran} that act on a running balancer, and their exceptions. */
  HANDLES,
  /** The optional integration with Micrometer. */
  METRICS,
  LAB,
  ASSEMBLY,
  CONTROL,
  /** The interface that both dataplanes implement. */
  PORT,
  KERNEL,
  MEMORY,
  PACKET,
  PLATFORM,
  NEXTHOP,
  RING,
  NET,
  FAILURE,
  /** Events of Java Flight Recorder. */
  RECORDING,
  /** Configurations as JSON, and their fingerprints. */
  CONFIGURATION,
  FFM,
  /** The compiled programs. */
  BPF,
  /** The generated view of {@code katran.h}. */
  ABI;

  static final String PROJECT = "dev.katran";
  static final String INTERNAL = PROJECT + ".internal";

  private static final ImmutableSet<Class<?>> HANDLE_CLASSES =
      ImmutableSet.of(
          LoadBalancer.class,
          LoadBalancerBuilder.class,
          Table.class,
          Flows.class,
          Counters.class,
          DownBackends.class,
          Decapsulator.class,
          SourceRestorer.class,
          ProgramTimer.class);

  private static final ImmutableMap<String, Room> PACKAGES =
      ImmutableMap.<String, Room>builder()
          .put(PROJECT + ".lab", LAB)
          .put(PROJECT + ".metrics", METRICS)
          .put(INTERNAL + ".assembly", ASSEMBLY)
          .put(INTERNAL + ".control", CONTROL)
          .put(INTERNAL + ".dataplane", PORT)
          .put(INTERNAL + ".dataplane.kernel", KERNEL)
          .put(INTERNAL + ".dataplane.memory", MEMORY)
          .put(INTERNAL + ".packet", PACKET)
          .put(INTERNAL + ".platform", PLATFORM)
          .put(INTERNAL + ".nexthop", NEXTHOP)
          .put(INTERNAL + ".ring", RING)
          .put(INTERNAL + ".net", NET)
          .put(INTERNAL + ".failure", FAILURE)
          .put(INTERNAL + ".recording", RECORDING)
          .put(INTERNAL + ".configuration", CONFIGURATION)
          .put(PROJECT + ".ffm", FFM)
          .put(PROJECT + ".ffm.net", FFM)
          .put(PROJECT + ".bpf", BPF)
          .put(PROJECT + ".bpf.generated", ABI)
          .buildOrThrow();

  /**
   * Returns the room of a class, or empty if its package has none.
   *
   * @param topLevelClass a full name, as {@link #topLevelClass} returns it
   */
  static Optional<Room> of(String topLevelClass) {
    String packageName = topLevelClass.substring(0, topLevelClass.lastIndexOf('.'));
    if (packageName.equals(PROJECT)) {
      return Optional.of(isHandle(topLevelClass) ? HANDLES : VALUES);
    }
    return Optional.ofNullable(PACKAGES.get(packageName));
  }

  private static boolean isHandle(String name) {
    try {
      Class<?> type = Class.forName(name, false, Room.class.getClassLoader());
      return HANDLE_CLASSES.contains(type) || LoadBalancerException.class.isAssignableFrom(type);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("cannot find the class " + name, e);
    }
  }

  /**
   * Returns the top-level class of a name that may continue with a nested class or a member: the
   * name up to its first part that no package of the project has, one that does not start with a
   * lower-case letter or starts with {@code katran_}.
   */
  static String topLevelClass(String name) {
    List<String> parts = new ArrayList<>();
    for (String part : Splitter.on(CharMatcher.anyOf(".$")).split(name)) {
      parts.add(part);
      if (!Character.isLowerCase(part.charAt(0)) || part.startsWith("katran_")) {
        break;
      }
    }
    return String.join(".", parts);
  }
}
