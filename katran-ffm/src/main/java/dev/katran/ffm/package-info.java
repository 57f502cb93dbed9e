/**
 * BPF for Java: load an object, reach its maps, run and attach its programs.
 *
 * <p>A {@link dev.katran.ffm.BpfObject} is opened from the bytes that clang made, configured,
 * loaded, and then gives {@link dev.katran.ffm.BpfMap maps} and {@link dev.katran.ffm.BpfProgram
 * programs} by name; an {@link dev.katran.ffm.XdpLink} puts a program on an interface, a {@link
 * dev.katran.ffm.RingBuffer} brings back its events.
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
 * <p>The work is done by libbpf, 1.0 or later, which is looked up on the system ({@link
 * dev.katran.ffm.LibbpfLibrary}), and by the kernel, which asks for CAP_BPF and CAP_NET_ADMIN. What
 * fails there becomes a {@link dev.katran.ffm.BpfException} with the error number.
 *
 * <p>All handles are closed by their owner: {@code close} may be called twice, and whatever is
 * called after it throws {@link java.lang.IllegalStateException}. Keys and values are {@link
 * java.lang.foreign.MemorySegment native segments} in the layout that C gives them, so that a call
 * neither copies nor allocates. Handles may be used by many threads at once, except where a type
 * says otherwise; to close one while another thread uses it is the caller's error.
 */
@NullMarked
package dev.katran.ffm;

import org.jspecify.annotations.NullMarked;
