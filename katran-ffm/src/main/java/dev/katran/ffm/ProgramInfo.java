package dev.katran.ffm;

import java.time.Duration;

/**
 * What the kernel knows about a program: its {@code struct bpf_prog_info}.
 *
 * @param id the program's number in this kernel, greater than 0
 * @param name its name, of which the kernel keeps 15 characters
 * @param tag a hash of its instructions, 16 hexadecimal digits
 * @param instructions how many instructions the verifier left of it, 8 bytes each
 * @param jitedBytes the size of its machine code; 0 if the kernel interprets it
 * @param verifiedInstructions how many instructions the verifier visited, on all paths together; 0
 *     before Linux 5.16, which counts them
 * @param runs how often it ran; counted only while {@code kernel.bpf_stats_enabled} is set
 * @param runTime how long these runs took together
 */
public record ProgramInfo(
    int id,
    String name,
    String tag,
    int instructions,
    int jitedBytes,
    int verifiedInstructions,
    long runs,
    Duration runTime) {}
