package dev.katran.internal.nexthop;

import dev.katran.internal.packet.Hop;
import org.jspecify.annotations.Nullable;

/**
 * An egress interface.
 *
 * @param egress the interface for {@link Hop}, null if packets also arrive by it
 * @param mtu the longest packet it sends, in bytes without the Ethernet header
 * @param problem why the program's frames cannot leave by it, or null
 */
record Device(String name, Hop.@Nullable Egress egress, int mtu, @Nullable String problem) {}
