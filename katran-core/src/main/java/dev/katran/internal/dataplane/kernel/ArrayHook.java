package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.ffm.AttachedProgram;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.Errno;
import dev.katran.ffm.ProgramArray;
import dev.katran.internal.dataplane.HookSpec;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.Refusal;
import dev.katran.internal.platform.XdpInterface;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An element of an array of programs that belongs to others: the program on the interface calls it
 * by a tail call.
 *
 * <p>The element holds a {@link ProgramSlot}. It is only written if it is empty, ours, or left by a
 * balancer whose process was killed.
 */
final class ArrayHook implements Hook {

  private static final Logger log = LoggerFactory.getLogger(ArrayHook.class);

  /** The pins of the array, so that {@code uninstall} finds it: this and the index. */
  private static final String ARRAY = "called_from_";

  /** From enum bpf_prog_type of linux/bpf.h. */
  private static final int BPF_PROG_TYPE_XDP = 6;

  private final Path path;
  private final int index;
  private final int attachType;
  private final MapPins pins;

  private @Nullable ProgramSlot slot;
  private @Nullable ProgramArray array;
  private AttachMode mode = AttachMode.AUTOMATIC;

  /**
   * Creates a hook without a program.
   *
   * @param attachType see {@link #attachType}
   * @param pins where the slot is pinned
   */
  ArrayHook(HookSpec.CalledFrom spec, int attachType, MapPins pins) {
    this.path = spec.pin();
    this.index = spec.index();
    this.attachType = attachType;
    this.pins = pins;
  }

  /**
   * Returns the hook that programs must be loaded for so that the kernel accepts them in the array:
   * {@link BpfConstants#BPF_XDP} or 0. Does not change the array.
   *
   * @throws Failure if there is no such array, or it accepts neither
   */
  static int attachType(HookSpec.CalledFrom spec) {
    try (ProgramArray array = open(spec.pin(), spec.index())) {
      BpfException refusal = null;
      for (int type : List.of(BpfConstants.BPF_XDP, 0)) {
        try (BpfObject _ = ProgramSlot.load(array, each -> each.expectedAttachType(type))) {
          return type;
        } catch (BpfException e) {
          if (e.errno() != Errno.EINVAL) {
            throw e;
          }
          refusal = e;
        }
      }
      throw new Failure(
          Failure.Kind.REFUSED,
          "the programs in the array %s must be like those that call it: %s"
              .formatted(spec.pin(), difference(array.programType())),
          refusal);
    }
  }

  private static String difference(OptionalInt type) {
    return type.isPresent() && type.getAsInt() != BPF_PROG_TYPE_XDP
        ? "they are of type %d, and the balancer's of type %d, XDP"
            .formatted(type.getAsInt(), BPF_PROG_TYPE_XDP)
        : "they were loaded for frames in several buffers (BPF_F_XDP_HAS_FRAGS, section \"xdp.frags\"), or for another hook, and the balancer's are not";
  }

  private static ProgramArray open(Path path, int index) {
    ProgramArray array;
    try {
      array = ProgramArray.openPinned(path);
    } catch (BpfException e) {
      String problem =
          switch (e.errno()) {
            case Errno.ENOENT -> "nothing is pinned there";
            case Errno.EINVAL -> "what is pinned there is not an array of programs";
            default -> e.getMessage();
          };
      throw new Failure(
          Refusal.of("", e).kind(),
          "cannot use the program array %s: %s".formatted(path, problem),
          e);
    }
    if (index >= array.size()) {
      array.close();
      throw new Failure(
          Failure.Kind.REFUSED,
          "the program array %s has %d elements, so none with index %d"
              .formatted(path, array.size(), index));
    }
    return array;
  }

  @Override
  public boolean adopt(XdpInterface to, BpfProgram program) {
    ProgramSlot pinned = ProgramSlot.pinned(pins).orElse(null);
    if (pinned == null) {
      return false;
    }
    try {
      ProgramArray now = open(path, index);
      if (isPinned(now) && isIn(pinned, now)) {
        slot = pinned;
        array = now;
        pinned.call(program);
        mode = modeOf(to);
        return true;
      }
      now.close();
    } catch (RuntimeException | Error e) {
      pinned.close();
      throw e;
    }
    pinned.close();
    log.warn(
        "the program of the last process is no longer in {}; puts it there again", calledFrom());
    SlotPins.detach(pins);
    return false;
  }

  /** Returns whether the pinned array is this one, and the element the same. */
  private boolean isPinned(ProgramArray now) {
    if (!pins.contains(ARRAY + index)) {
      return false;
    }
    try (ProgramArray pinned = ProgramArray.of(pins.open(ARRAY + index))) {
      return pinned.id() == now.id();
    }
  }

  private boolean isIn(ProgramSlot slot, ProgramArray array) {
    return array.programAt(index).equals(OptionalInt.of(slot.id()));
  }

  @Override
  public void attach(XdpInterface to, BpfProgram program) {
    ProgramSlot own =
        slot == null ? ProgramSlot.load(pins, each -> each.expectedAttachType(attachType)) : slot;
    slot = own;
    ProgramArray now = open(path, index);
    try {
      OptionalInt there = now.programAt(index);
      if (there.isPresent()
          && there.getAsInt() != own.id()
          && !ProgramSlot.isAbandoned(there.getAsInt())) {
        throw new Failure(
            Failure.Kind.XDP_HOOK_BUSY,
            "%s already has another program (%s), which is not replaced; remove it first, or choose another index"
                .formatted(calledFrom(), AttachedProgram.of(there.getAsInt())));
      }
      own.call(program);
      pins.replace(ARRAY + index, now.map());
      now.put(index, own.fd());
    } catch (RuntimeException | Error e) {
      now.close();
      throw e;
    }
    if (array != null) {
      array.close();
    }
    array = now;
    mode = modeOf(to);
    if (mode == AttachMode.AUTOMATIC) {
      log.warn(
          "no program is attached to {} that could call the one in {}", to.name(), calledFrom());
    }
  }

  private static AttachMode modeOf(XdpInterface to) {
    return to.attachedMode().orElse(AttachMode.AUTOMATIC);
  }

  @Override
  public void update(BpfProgram program) {
    slot().call(program);
  }

  private ProgramSlot slot() {
    if (slot == null) {
      throw new IllegalStateException("never attached");
    }
    return slot;
  }

  @Override
  public Optional<String> loss() {
    try (ProgramArray now = open(path, index)) {
      if (array == null || now.id() != array.id()) {
        return Optional.of("another array was pinned at " + path);
      }
      return isIn(slot(), now)
          ? Optional.empty()
          : Optional.of("the program was taken out of %s from outside".formatted(calledFrom()));
    } catch (Failure e) {
      return Optional.of(e.getMessage());
    }
  }

  /** The slot can be put into its place again. */
  @Override
  public void release() {}

  @Override
  public AttachMode mode() {
    return mode;
  }

  @Override
  public String calledFrom() {
    return "index %d of %s".formatted(index, path);
  }

  @Override
  public int programId() {
    return slot().programId();
  }

  @Override
  public void detach() {
    takeOut();
    SlotPins.unpin(pins);
  }

  private void takeOut() {
    ProgramArray used = array;
    if (used != null && slot != null && isIn(slot, used)) {
      used.remove(index);
    }
  }

  /** Takes a slot out of its pinned array. Returns false if there is none. */
  static boolean takeOut(MapPins pins, int slot) {
    for (String name : pins.names(ARRAY)) {
      try (ProgramArray array = ProgramArray.of(pins.open(name))) {
        int index = Integer.parseInt(name.substring(ARRAY.length()));
        if (array.programAt(index).equals(OptionalInt.of(slot))) {
          array.remove(index);
        }
      }
    }
    return !pins.names(ARRAY).isEmpty();
  }

  /** Removes the pins of arrays. */
  static void unpin(MapPins pins) {
    pins.names(ARRAY).forEach(pins::unpin);
  }

  @Override
  public void close() {
    if (!pins.exist()) {
      takeOut();
    }
    if (array != null) {
      array.close();
    }
    if (slot != null) {
      slot.close();
    }
  }
}
