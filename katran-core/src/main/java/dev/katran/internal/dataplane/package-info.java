/**
 * The dataplane port: the interfaces that an adapter implements, the records that they exchange,
 * and the decisions that both adapters share.
 */
@NullMarked
package dev.katran.internal.dataplane;

import org.jspecify.annotations.NullMarked;
