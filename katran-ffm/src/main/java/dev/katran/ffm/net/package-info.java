/**
 * Linux networking without {@code ip} and {@code ethtool}: namespaces, interfaces, addresses,
 * routes and neighbours, through rtnetlink and a few system calls.
 *
 * <ul>
 *   <li>{@link dev.katran.ffm.net.NetworkNamespace} runs threads in a network namespace.
 *   <li>{@link dev.katran.ffm.net.Rtnetlink} reads and changes interfaces, addresses, routes and
 *       neighbours of one namespace, and looks up routes.
 *   <li>{@link dev.katran.ffm.net.RtnetlinkMonitor} reports what changes there.
 *   <li>{@link dev.katran.ffm.net.Ethtool} queries an interface's driver and switches its offloads.
 * </ul>
 *
 * <p>The kernel assigns a network namespace to each <em>platform</em> thread. A virtual thread sees
 * the namespace of its current carrier; this package never moves a carrier to another namespace.
 */
@NullMarked
package dev.katran.ffm.net;

import org.jspecify.annotations.NullMarked;
