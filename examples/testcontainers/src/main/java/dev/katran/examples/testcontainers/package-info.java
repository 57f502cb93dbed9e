/**
 * A service that embeds the load balancer, and tests of it on containers: something to copy.
 *
 * <p>{@link dev.katran.examples.testcontainers.Service} is the service. Environment variables say
 * what it balances, a small HTTP interface changes that while it runs, and it stops sending flows
 * to backends that do not answer. {@link dev.katran.examples.testcontainers.BackendServer} and
 * {@link dev.katran.examples.testcontainers.Client} are what its tests put around it; {@code
 * src/main/docker/Dockerfile} makes an image of each.
 *
 * <p>What a container needs to run the load balancer or the decapsulator:
 *
 * <ul>
 *   <li>{@code --cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN}; an engine that does not know
 *       the first two takes {@code SYS_ADMIN} in their place, as the tests do, for they run on
 *       every engine. Docker's own seccomp profile lets whoever has them call bpf(2).
 *   <li>A network interface of its own. {@code /sys} may be read-only, no BPF file system is
 *       needed, and {@code --privileged} is not either.
 *   <li>libbpf in the image.
 * </ul>
 *
 * <p>A container's interface is one end of a virtual cable (veth), and its other end is on a bridge
 * of the host. That has three consequences, none of which concerns a host with a network card:
 *
 * <ul>
 *   <li>The programs are attached in generic mode ({@code KATRAN_ATTACH=GENERIC}). What a native
 *       program sends, the cable's other end takes only if it has an XDP program as well.
 *   <li>Who sends packets through the balancer fills in their checksums and cuts them to size
 *       himself, instead of leaving that to a card that is not there; see {@code Client}.
 *   <li>The client has a route to the VIPs by way of the balancer, where else a router would.
 * </ul>
 *
 * <p>While the service is restarted, nobody may answer in its place. A container inherits the
 * engine's forwarding of IPv4, and would send packets to the VIPs by its default route, out of the
 * host; the tests turn it off ({@code --sysctl net.ipv4.ip_forward=0}).
 *
 * <p>The containers' network has the usual MTU of 1500. The encapsulation takes 40 bytes of that,
 * so the service takes packets of up to 1460 ({@code KATRAN_MAX_PACKET_SIZE=1474}, the Ethernet
 * header included), and tells who sends larger ones.
 */
@NullMarked
package dev.katran.examples.testcontainers;

import org.jspecify.annotations.NullMarked;
