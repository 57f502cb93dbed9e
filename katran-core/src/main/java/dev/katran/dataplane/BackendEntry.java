package dev.katran.dataplane;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the dataplane knows of a backend.
 *
 * @param address the outer destination of what is sent to it
 * @param hop where its frames go; null while that is not known: they are dropped
 */
public record BackendEntry(InetAddress address, @Nullable Hop hop) {}
