package dev.katran.internal.dataplane;

import dev.katran.Count;
import dev.katran.Restoration;

/** The port to a running source restorer. */
public interface RestorationProgram extends AutoCloseable {

  /** The most restorations that {@link #install} takes. */
  int capacity();

  /**
   * Installs a restoration, or replaces the one of the same address, port and protocol. Packets
   * have the old VIP or the new one.
   *
   * @throws dev.katran.internal.failure.Failure if the kernel refuses it
   */
  void install(Restoration restoration);

  /**
   * Removes what is installed for an address, port and protocol.
   *
   * @throws dev.katran.internal.failure.Failure if the kernel refuses it
   */
  void remove(Restoration restoration);

  /** Returns packets whose source was restored, without ICMP errors. */
  Count restored();

  /** Returns ICMP errors that were translated. */
  Count errors();

  /** Returns the restored packets that were fragments. */
  Count fragments();

  /** Returns packets that were dropped because there was no memory to change them. */
  Count drops();

  /** Returns whether the program is attached to its interface. */
  boolean isAttached();

  /** Attaches the program again if it was lost. Must not run at the same time as {@link #close}. */
  void refresh();

  /** Detaches the program and frees its maps. */
  @Override
  void close();
}
