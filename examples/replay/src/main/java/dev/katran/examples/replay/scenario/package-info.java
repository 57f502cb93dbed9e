/**
 * Folders of golden packets: how a balancer is configured, what is then done to it, and what it is
 * to make of each frame.
 */
@NullMarked
package dev.katran.examples.replay.scenario;

import org.jspecify.annotations.NullMarked;
