package dev.katran.internal.dataplane.kernel;

/** The pins of a slot: of {@link ArrayHook} or {@link DispatcherHook}, whichever pinned it. */
final class SlotPins {

  private SlotPins() {}

  /** Takes the pinned slot out of its place, if there is one, and removes the pins. */
  static void detach(MapPins pins) {
    ProgramSlot.pinned(pins)
        .ifPresent(pinned -> {
          try (pinned) {
            if (!ArrayHook.takeOut(pins, pinned.id())) {
              DispatcherHook.takeOut(pinned.id());
            }
          }
        });
    unpin(pins);
  }

  /** Removes the pins. */
  static void unpin(MapPins pins) {
    ArrayHook.unpin(pins);
    ProgramSlot.unpin(pins);
  }
}
