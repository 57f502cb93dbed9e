package dev.katran.ffm;

import java.time.Duration;

/**
 * The state of a loaded program, from the kernel's {@code struct bpf_prog_info}.
 *
 * @param id the kernel's id of the program, greater than 0
 * @param name the first 15 characters of its name
 * @param tag a hash of its instructions, 16 hexadecimal digits
 * @param instructions the number of instructions after verification, 8 bytes each
 * @param jitedBytes the size of the JIT-compiled code in bytes; 0 if the kernel interprets it
 * @param verifiedInstructions the number of instructions the verifier visited, over all paths; 0
 *     before Linux 5.16
 * @param runs the number of runs, counted only while {@code kernel.bpf_stats_enabled} is set
 * @param runTime the total duration of these runs
 * @since 0.1.0
 */
public record ProgramInfo(
    int id,
    String name,
    String tag,
    int instructions,
    int jitedBytes,
    int verifiedInstructions,
    long runs,
    Duration runTime) {

  /**
   * Returns the current state of a program by its file descriptor.
   *
   * @throws BpfException if the kernel fails the query
   */
  public static ProgramInfo of(int fd) {
    LibbpfLibrary.ensureLoaded();
    return KernelInfo.program(fd);
  }
}
