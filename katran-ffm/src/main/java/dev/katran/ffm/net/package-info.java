/**
 * The kernel's networking without {@code ip} and {@code ethtool}: namespaces, interfaces,
 * addresses, routes and neighbours, through rtnetlink and a few system calls.
 *
 * <ul>
 *   <li>{@link dev.katran.ffm.net.NetworkNamespace} has threads that live in a network namespace;
 *   <li>{@link dev.katran.ffm.net.Rtnetlink} reads and changes what the namespace it was opened in
 *       contains, and asks its routing;
 *   <li>{@link dev.katran.ffm.net.Ethtool} asks for an interface's driver and switches its
 *       offloads.
 * </ul>
 *
 * <p>A network namespace belongs to a <em>platform</em> thread. A virtual thread sees that of
 * whichever carrier it happens to be on; nothing here ever moves a carrier to another.
 */
@NullMarked
package dev.katran.ffm.net;

import org.jspecify.annotations.NullMarked;
