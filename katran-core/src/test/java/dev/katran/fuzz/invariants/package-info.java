/**
 * What must hold for every frame, whatever the dataplane. The two dataplanes share the
 * understanding of those who wrote them; the invariants come from RFCs, from Linux and from the
 * wire contract, and a library that knows nothing of this project, pcap4j, reads the headers and
 * recomputes the checksums.
 */
@NullMarked
package dev.katran.fuzz.invariants;

import org.jspecify.annotations.NullMarked;
