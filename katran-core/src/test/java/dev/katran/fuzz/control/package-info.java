/**
 * A fuzz test of the control plane. Random configuration changes, packets and clock steps go to a
 * load balancer and to a model of what the design guarantees, above all that established flows stay
 * with their backends. A second balancer with the kernel dataplane must behave exactly like the one
 * with the Java dataplane. A failing run is shrunk to a minimal list of steps.
 *
 * <p>All input is derived from a seed. To run with another seed or more runs:
 *
 * <pre>{@code
 * ./mvnw -pl katran-core -am test -Dtest=ChangesFuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
 *     -Dkatran.fuzz.changes.seed=42 -Dkatran.fuzz.changes.games=1000 \
 *     -Dkatran.fuzz.changes.kernelGames=100
 * }</pre>
 *
 * <p>The defaults are seed 1, 30 runs with the Java dataplane and 5 with both dataplanes. Runs have
 * consecutive seeds, starting at the given one. A failure names the seed of its run: to reproduce
 * it, pass that seed and 1 for the number of runs.
 */
@NullMarked
package dev.katran.fuzz.control;

import org.jspecify.annotations.NullMarked;
