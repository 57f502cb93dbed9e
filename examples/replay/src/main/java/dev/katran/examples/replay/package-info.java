/** Replays golden packets and captures through a load balancer and shows every difference. */
@NullMarked
package dev.katran.examples.replay;

import org.jspecify.annotations.NullMarked;
