package dev.katran.ffm.net;

import org.jspecify.annotations.Nullable;

/**
 * A network interface as it was when {@link Rtnetlink} was asked.
 *
 * @param index its number within its namespace
 * @param name such as {@code eth0}
 * @param mac its Ethernet address, or null if it has none: loopback, tunnels, other point-to-point
 *     interfaces
 * @param mtu the largest packet it sends, in bytes, without the Ethernet header
 * @param up whether it was set up by an administrator ({@code IFF_UP})
 * @param running whether it also has a carrier and can send ({@code IFF_RUNNING})
 * @param kind what sort of software device it is, such as {@code veth}, or empty for hardware
 * @param xdpProgramId the id of the XDP program attached to it, or 0 if there is none; of several
 *     (driver, generic, hardware) the first the kernel names
 */
public record Link(
    int index,
    String name,
    @Nullable MacAddress mac,
    int mtu,
    boolean up,
    boolean running,
    String kind,
    int xdpProgramId) {}
