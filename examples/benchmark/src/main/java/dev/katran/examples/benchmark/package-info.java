/** What the balancer costs, measured, and what it is compared with. */
@NullMarked
package dev.katran.examples.benchmark;

import org.jspecify.annotations.NullMarked;
