/**
 * Plays golden packets, and captures, through a load balancer, and shows what came out otherwise.
 */
@NullMarked
package dev.katran.examples.replay;

import org.jspecify.annotations.NullMarked;
