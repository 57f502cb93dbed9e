/** Connects a control plane to a dataplane. The only package that depends on both adapters. */
@NullMarked
package dev.katran.internal.assembly;

import org.jspecify.annotations.NullMarked;
