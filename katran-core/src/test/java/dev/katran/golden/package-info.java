/**
 * Tests against golden hashes and rings, which every implementation of this wire format must
 * reproduce. The data is beside the repository; {@code examples/replay} runs the golden packets.
 */
@NullMarked
package dev.katran.golden;

import org.jspecify.annotations.NullMarked;
