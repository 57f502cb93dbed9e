package dev.katran.internal.platform;

import dev.katran.ffm.BpfMap;
import java.util.Optional;

/**
 * The CPUs of a machine. Virtual machines often have many more possible CPUs than they ever have
 * online: 64 to 240, so that some can be added while they run.
 *
 * @param possible the CPUs that the kernel has room for, greater than 0; BPF maps divide their
 *     per-CPU memory by these
 * @param online the CPUs that run, greater than 0, not more than the possible ones. Any of them may
 *     receive packets: a packet runs through a generic program on the CPU that RPS selects, and
 *     interrupts move from CPU to CPU, so the number of receive queues is no upper bound
 */
public record Cpus(int possible, int online) {

  /**
   * Reads the CPUs of this machine. CPUs that come online later are not counted.
   *
   * @throws dev.katran.ffm.BpfException if sysfs cannot be read
   */
  public static Cpus ofThisMachine() {
    int possible = BpfMap.possibleCpus();
    return of(possible, IdList.read(IdList.ONLINE_CPUS));
  }

  /** Returns CPUs of which those of a list are online; all, if there is no list. */
  static Cpus of(int possible, Optional<IdList> online) {
    return new Cpus(
        possible, online.map(list -> Math.min(list.ids().size(), possible)).orElse(possible));
  }
}
