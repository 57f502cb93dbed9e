package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableSet;
import dev.katran.Prefix;
import dev.katran.Restoration;

/**
 * What a source restorer is opened with.
 *
 * @param restorations one for each address, port and protocol
 * @param exceptions the destinations whose packets keep their source
 */
public record RestorationRules(
    ImmutableSet<Restoration> restorations, ImmutableSet<Prefix> exceptions) {}
