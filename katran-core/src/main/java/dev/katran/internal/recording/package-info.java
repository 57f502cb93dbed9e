/**
 * Events of Java Flight Recorder: what the balancer did, when, and how long it took. They cost
 * nothing while no recording wants them.
 *
 * @see <a
 *     href="https://docs.oracle.com/en/java/javase/22/docs/api/jdk.jfr/module-summary.html">jdk.jfr</a>
 */
@NullMarked
package dev.katran.internal.recording;

import org.jspecify.annotations.NullMarked;
