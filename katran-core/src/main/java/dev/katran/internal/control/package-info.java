/**
 * The control plane: desired and installed state, transitions between them, slot settling, drains
 * and flow routing. Uses a dataplane only through the port, {@link dev.katran.internal.dataplane}.
 */
@NullMarked
package dev.katran.internal.control;

import org.jspecify.annotations.NullMarked;
