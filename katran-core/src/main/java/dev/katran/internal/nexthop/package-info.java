/** Resolution of next hops with the kernel's routing and neighbour tables. */
@NullMarked
package dev.katran.internal.nexthop;

import org.jspecify.annotations.NullMarked;
