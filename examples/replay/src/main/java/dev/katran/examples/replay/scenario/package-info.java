/**
 * Scenarios: folders of golden packets that describe how a balancer is configured, the steps that
 * follow, and the expected result of each frame.
 */
@NullMarked
package dev.katran.examples.replay.scenario;

import org.jspecify.annotations.NullMarked;
