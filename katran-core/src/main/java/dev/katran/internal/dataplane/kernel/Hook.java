package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.BpfProgram;
import dev.katran.internal.platform.XdpInterface;
import java.util.Optional;

/** A place in the path of an interface's packets, into which a program is put. */
sealed interface Hook extends AutoCloseable permits LinkHook, ArrayHook, DispatcherHook {

  /**
   * Continues with what is pinned, so that no packet is lost. Removes what is no longer of use.
   *
   * @return whether the program is in its place
   */
  boolean adopt(XdpInterface to, BpfProgram program);

  /**
   * Puts the program into its place, and pins what must be pinned.
   *
   * @throws dev.katran.internal.failure.Failure if the place is taken or the kernel refuses
   */
  void attach(XdpInterface to, BpfProgram program);

  /**
   * Replaces the program: every packet is processed by one or the other.
   *
   * @throws dev.katran.ffm.BpfException if it is no longer in its place ({@code ENOLINK}), or the
   *     kernel refuses
   */
  void update(BpfProgram program);

  /** Returns why the program is no longer in its place; empty if it is. */
  Optional<String> loss();

  /** Lets go of a place that was lost. */
  void release();

  /** Returns the mode in which the program on the interface is attached, or was last. */
  AttachMode mode();

  /** Returns what calls the program; empty if it is attached to the interface itself. */
  String calledFrom();

  /** Returns the id of the program that is in its place. */
  int programId();

  /** Takes the program out of its place and removes the pins. Does nothing if it was lost. */
  void detach();

  /** Takes the program out of its place unless it is pinned there. */
  @Override
  void close();
}
