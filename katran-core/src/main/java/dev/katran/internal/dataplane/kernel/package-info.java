/** The kernel adapter: BPF maps, programs, the ABI shared with the C sources, and map geometry. */
@NullMarked
package dev.katran.internal.dataplane.kernel;

import org.jspecify.annotations.NullMarked;
