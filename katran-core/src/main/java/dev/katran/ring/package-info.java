/**
 * The arithmetic of consistent hashing: addresses and flows to numbers, numbers to a ring.
 *
 * <p>Every balancer of a fleet, whatever it is written in, must compute exactly these functions.
 * They work on plain numbers and bytes, know nothing of the API, and allocate nothing for each
 * packet, backend or slot.
 */
@NullMarked
package dev.katran.ring;

import org.jspecify.annotations.NullMarked;
