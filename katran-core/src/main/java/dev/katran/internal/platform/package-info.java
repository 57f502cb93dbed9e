/**
 * The running system: kernel version, capabilities and interfaces, and explanations for operations
 * that the kernel refuses.
 */
@NullMarked
package dev.katran.internal.platform;

import org.jspecify.annotations.NullMarked;
