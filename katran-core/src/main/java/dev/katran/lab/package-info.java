/**
 * A network of several hosts within one JVM, for tests and demonstrations that need real packets.
 *
 * <p>{@link dev.katran.lab.Lab} connects {@linkplain dev.katran.lab.Host hosts} to a router, each
 * in its own network namespace. It needs Linux, libbpf and root, but no programs such as {@code
 * ip}. It does not use or change the machine's own network, and leaves nothing behind when the
 * process ends.
 *
 * <pre>{@code
 * try (Lab lab = Lab.create()) {
 *   Host client = lab.host("client");
 *   Host balancer = lab.host("lb", HostOptions.DEFAULT.mtu(1600));
 *   lab.route("203.0.113.10/32", balancer);
 *   client.run(() -> ...); // sockets created here belong to the client
 * }
 * }</pre>
 */
@NullMarked
package dev.katran.lab;

import org.jspecify.annotations.NullMarked;
