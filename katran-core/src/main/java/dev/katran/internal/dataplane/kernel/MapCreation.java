package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.Errno;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.Refusal;

/** Creates maps. If there is no memory for one, the failure names the limit that sizes it. */
final class MapCreation {

  private MapCreation() {}

  /**
   * Creates a map.
   *
   * @throws Failure if there is not enough memory for it
   * @throws BpfException if the kernel refuses it for another reason
   */
  static BpfMap create(MapSpec spec) {
    try {
      return BpfMap.create(spec);
    } catch (BpfException e) {
      throw e.errno() == Errno.ENOMEM ? outOfMemory(spec.name(), e) : e;
    }
  }

  static Failure outOfMemory(String map, BpfException refusal) {
    return Refusal.of(refusal.getMessage(), refusal, toLower(map));
  }

  private static String toLower(String map) {
    return switch (map) {
      case "flows", "flows_keys", "cpu_flows", "cpu_flows_keys" -> "Limits.flowTableSize";
      case "ring_chunk" -> "Limits.ringSize";
      case "vips", "vip_rings", "ring_chunks", "prefix_vips" -> "Limits.vips";
      case "backends", "counters", "watched" -> "Limits.backends and Limits.vips";
      case "server_ids" -> "Limits.serverIds";
      case "source_v4", "source_v6" -> "Limits.sourceRoutes";
      default -> "";
    };
  }
}
