/**
 * Balancers are given changes, packets and time, at random: open flows must stay where they are,
 * and the balancer in the kernel must do what the one in plain Java does. What goes wrong is made
 * as small as can be.
 */
@NullMarked
package dev.katran.fuzz.control;

import org.jspecify.annotations.NullMarked;
