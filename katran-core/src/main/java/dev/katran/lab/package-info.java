/**
 * A network of several hosts within one JVM, for tests and demonstrations that need real packets.
 *
 * <p>{@link dev.katran.lab.Lab} is a router with {@linkplain dev.katran.lab.Host hosts} around it,
 * each in a network namespace of its own. It needs Linux, libbpf and root, but no programs such as
 * {@code ip}; of the machine's own network it neither uses nor changes anything, and nothing of it
 * outlives the process.
 *
 * <pre>{@code
 * try (Lab lab = Lab.create()) {
 *   Host client = lab.host("client");
 *   Host balancer = lab.host("lb", HostOptions.DEFAULT.mtu(1600));
 *   lab.route("203.0.113.10/32", balancer);
 *   client.run(() -> ...); // a socket made here is the client's
 * }
 * }</pre>
 */
@NullMarked
package dev.katran.lab;

import org.jspecify.annotations.NullMarked;
