/**
 * A differential fuzz test of the two dataplanes. Random frames and configuration changes go to the
 * Java dataplane and to the kernel program, and every outcome must be equal and keep the
 * {@linkplain dev.katran.fuzz.invariants.Invariant invariants}. A mismatch is shrunk to a minimal
 * test case, which is written as a scenario folder that can be replayed.
 *
 * <p>All input is derived from a seed. To run with another seed or another number of frames:
 *
 * <pre>{@code
 * ./mvnw -pl katran-core -am test -Dtest=DifferentialFuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dkatran.fuzz.seed=42 -Dkatran.fuzz.frames=5000000
 * }</pre>
 *
 * <p>The defaults are seed 1 and 1,000,000 frames. The frames are split into workloads of at most
 * 20,000 frames with consecutive seeds, starting at the given one. A report names the seed of its
 * workload: to reproduce it, pass that seed with {@code -Dkatran.fuzz.frames=20000}.
 */
@NullMarked
package dev.katran.fuzz;

import org.jspecify.annotations.NullMarked;
