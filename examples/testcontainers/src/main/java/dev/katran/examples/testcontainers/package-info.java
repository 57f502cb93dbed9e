/**
 * An example to copy: a service that embeds the load balancer, and its tests in containers.
 *
 * <p>{@link dev.katran.examples.testcontainers.Service} is the service. It is configured by
 * environment variables, has a small HTTP interface to add and remove backends at runtime, and
 * stops sending flows to backends that fail their health checks. {@link
 * dev.katran.examples.testcontainers.BackendServer} and {@link
 * dev.katran.examples.testcontainers.Client} are the other ends of its tests; {@code
 * src/main/docker/Dockerfile} builds an image of each.
 *
 * <p>A container that runs the load balancer or the decapsulator needs:
 *
 * <ul>
 *   <li>{@code --cap-add BPF --cap-add PERFMON --cap-add NET_ADMIN}. An engine that does not
 *       support the first two needs {@code SYS_ADMIN} instead; the tests use it, because they run
 *       on every engine. With these capabilities Docker's default seccomp profile allows bpf(2).
 *   <li>Its own network interface. {@code /sys} may be read-only; neither a BPF file system nor
 *       {@code --privileged} is needed, unless the balancer is pinned.
 *   <li>libbpf in the image.
 * </ul>
 *
 * <p>A container's interface is one end of a veth pair whose other end is on a bridge of the host.
 * This has three consequences, none of which applies to a host with a network card:
 *
 * <ul>
 *   <li>The programs are attached in generic mode ({@code KATRAN_ATTACH=GENERIC}). The peer of a
 *       veth interface accepts frames from a native program only if it has an XDP program itself.
 *   <li>Senders have to fill in checksums and segment packets themselves, because there is no card
 *       to offload this to; see {@code Client}.
 *   <li>The client routes the VIPs through the balancer, which a router would do otherwise.
 * </ul>
 *
 * <p>While the service is restarted, no other host may answer for it. A container inherits the
 * engine's IPv4 forwarding and would send packets for the VIPs along its default route, out of the
 * host. The tests turn forwarding off ({@code --sysctl net.ipv4.ip_forward=0}).
 *
 * <p>With {@code KATRAN_PIN_FOLDER=/sys/fs/bpf/katran} the balancer outlives its container, however
 * that ends, and the next one adopts it. This takes two things that must not end with the
 * container:
 *
 * <ul>
 *   <li>A BPF file system: the host's, {@code -v /sys/fs/bpf:/sys/fs/bpf}. The tests leave that
 *       alone and use a volume of their own ({@code docker volume create --opt type=bpf --opt
 *       device=bpf}), which lives as long as a container that mounts it runs.
 *   <li>The interface: that of a container vanishes with its network namespace, and with it what is
 *       attached. So the network namespace belongs to the host ({@code --network host}) or to
 *       another container that does nothing else ({@code --network container:sandbox}), like that
 *       of a Kubernetes pod. The tests have such a container, which holds the volume as well.
 * </ul>
 *
 * <p>A second container of the service beside the first takes over: the first one closes its
 * balancer, which goes on forwarding, and waits until it is stopped.
 *
 * <p>The containers' network has the usual MTU of 1500. Encapsulation takes 40 bytes of it, so the
 * service accepts packets of up to 1460 bytes ({@code KATRAN_MAX_PACKET_SIZE=1474}, which includes
 * the Ethernet header) and tells the senders of larger packets the MTU.
 */
@NullMarked
package dev.katran.examples.testcontainers;

import org.jspecify.annotations.NullMarked;
