/**
 * BPF for Java: loads objects, accesses maps, and runs and attaches programs.
 *
 * <p>A {@link dev.katran.ffm.BpfObject} is opened from the bytes that clang wrote, configured and
 * loaded. It then provides {@link dev.katran.ffm.BpfMap maps} and {@link dev.katran.ffm.BpfProgram
 * programs} by name. An {@link dev.katran.ffm.XdpLink} attaches a program to an interface, and a
 * {@link dev.katran.ffm.RingBuffer} receives its events.
 *
 * <pre>{@code
 * try (BpfObject object = BpfObject.open("balancer", bytes)) {
 *   object.map("flows").maxEntries(1 << 20);
 *   object.load();
 *   try (XdpLink link = XdpLink.attach(object.program("balancer"), ifindex, XdpLink.Mode.NATIVE)) {
 *     ...
 *   }
 * }
 * }</pre>
 *
 * <p>All of this goes through libbpf 1.0 or later, which is looked up on the system (see {@link
 * dev.katran.ffm.LibbpfLibrary}). The kernel requires CAP_BPF and CAP_NET_ADMIN. A failed call
 * throws a {@link dev.katran.ffm.BpfException} that names operation, object and errno.
 *
 * <p>The owner of a handle closes it. Closing twice is harmless; every other call on a closed
 * handle throws {@link java.lang.IllegalStateException}. Keys and values are {@link
 * java.lang.foreign.MemorySegment native segments} in C's layout, so that calls neither copy nor
 * allocate. Handles are thread-safe unless their type documents otherwise, but must not be closed
 * while another thread uses them.
 */
@NullMarked
package dev.katran.ffm;

import org.jspecify.annotations.NullMarked;
