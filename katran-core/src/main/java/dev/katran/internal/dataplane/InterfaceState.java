package dev.katran.internal.dataplane;

import dev.katran.AttachMode;
import java.time.Instant;

/**
 * The interface of a program, and whether the program is attached to it.
 *
 * @param name its name
 * @param ifindex its index; after it was deleted, the last one
 * @param mode the mode in which the program is attached, or was last: {@link AttachMode#NATIVE} or
 *     {@link AttachMode#GENERIC}; {@link AttachMode#AUTOMATIC} if another program calls it, and
 *     none is attached
 * @param calledFrom what calls the program; empty if it is attached to the interface itself
 * @param attached whether the program is attached
 * @param programId the id of the attached program, or 0
 * @param since when the program was attached, or lost; for display only
 */
public record InterfaceState(
    String name,
    int ifindex,
    AttachMode mode,
    String calledFrom,
    boolean attached,
    int programId,
    Instant since) {}
