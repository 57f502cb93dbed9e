package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableList;
import dev.katran.AttachMode;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.AttachedProgram;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.FunctionLink;
import dev.katran.ffm.LoadedProgram;
import dev.katran.ffm.XdpHook;
import dev.katran.ffm.XdpLink;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.XdpInterface;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The program of libxdp's protocol on an interface, which calls several programs in turn. It is
 * never changed, but replaced as a whole: by another one with the same programs, and one more or
 * less. The caller holds the protocol's lock.
 *
 * <p>Finding the programs of others needs CAP_SYS_ADMIN.
 *
 * @see <a
 *     href="https://github.com/xdp-project/xdp-tools/blob/main/lib/libxdp/protocol.org">Protocol
 *     for atomic loading of multi-prog dispatchers</a>
 */
final class Dispatcher implements AutoCloseable {

  /**
   * A program that a dispatcher calls.
   *
   * @param fd its descriptor
   * @param id its id; 0 if it is not loaded yet
   * @param name its name
   * @param slot its rules
   */
  record Component(int fd, int id, String name, DispatcherConfig.Slot slot) {}

  private static final String NAME = "xdp_dispatcher";

  private final XdpInterface ingress;
  private final Path folder;
  private final @Nullable LoadedProgram program;
  private final List<LoadedProgram> opened;
  private final ImmutableList<Component> components;

  private Dispatcher(
      XdpInterface ingress,
      Path folder,
      @Nullable LoadedProgram program,
      List<LoadedProgram> opened,
      List<Component> components) {
    this.ingress = ingress;
    this.folder = folder;
    this.program = program;
    this.opened = opened;
    this.components = ImmutableList.copyOf(components);
  }

  /**
   * Opens the dispatcher of an interface, or one without programs if no program is attached.
   *
   * @param folder where dispatchers are pinned
   * @throws Failure if another program is attached, or a dispatcher that the protocol does not
   *     allow to be changed
   */
  static Dispatcher open(XdpInterface ingress, Path folder) {
    int id = XdpHook.programId(ingress.ifindex());
    if (id == 0) {
      return new Dispatcher(ingress, folder, null, List.of(), List.of());
    }
    LoadedProgram program = LoadedProgram.openById(id);
    List<LoadedProgram> opened = new ArrayList<>();
    try {
      DispatcherConfig config =
          configOf(program)
              .orElseThrow(() ->
                  new Failure(
                      Failure.Kind.XDP_HOOK_BUSY,
                      "%s already has another XDP program (%s), which is not replaced, and is no dispatcher of libxdp's protocol in version 2; detach it first"
                          .formatted(ingress.name(), AttachedProgram.of(id))));
      Path pins = pins(folder, ingress.ifindex(), id);
      List<Component> components = new ArrayList<>();
      for (int i = 0; i < config.slots().size(); i++) {
        LoadedProgram each = LoadedProgram.openPinned(programPin(pins, i));
        opened.add(each);
        components.add(new Component(each.fd(), each.id(), each.name(), config.slots().get(i)));
      }
      return new Dispatcher(ingress, folder, program, opened, components);
    } catch (RuntimeException | Error e) {
      opened.forEach(LoadedProgram::close);
      program.close();
      throw e;
    }
  }

  private static Optional<DispatcherConfig> configOf(LoadedProgram program) {
    List<Integer> maps = program.mapIds();
    if (!program.name().equals(NAME) || maps.size() != 1) {
      return Optional.empty();
    }
    try (BpfMap map = BpfMap.openById(maps.getFirst());
        Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(map.bufferSize());
      map.lookup(arena.allocateFrom(ValueLayout.JAVA_INT, 0), value);
      byte[] bytes = value.toArray(ValueLayout.JAVA_BYTE);
      return DispatcherConfig.isOne(bytes)
          ? Optional.of(DispatcherConfig.parse(bytes))
          : Optional.empty();
    }
  }

  /** Returns where the programs of a dispatcher are pinned. */
  private static Path pins(Path folder, int ifindex, int id) {
    return folder.resolve("dispatch-%d-%d".formatted(ifindex, id));
  }

  private static Path programPin(Path pins, int index) {
    return pins.resolve("prog%d-prog".formatted(index));
  }

  private static Path linkPin(Path pins, int index) {
    return pins.resolve("prog%d-link".formatted(index));
  }

  /** Returns the name of the function that stands for a program. */
  static String function(int index) {
    return "prog" + index;
  }

  /** Returns the id of the dispatcher, or 0 if there is none. */
  int id() {
    return program == null ? 0 : program.id();
  }

  /** Returns the programs, in the order in which they are called. */
  ImmutableList<Component> components() {
    return components;
  }

  /**
   * Replaces the dispatcher by one with other programs. Without programs, detaches it.
   *
   * @param change returns the new programs, in the order in which they are called
   * @param load loads a program that is not loaded yet, given the new dispatcher's descriptor and
   *     the program's index; returns its descriptor
   * @return the id of the new dispatcher, or 0
   * @throws BpfException if another program was attached meanwhile ({@code EEXIST}, {@code EBUSY})
   */
  int replace(UnaryOperator<List<Component>> change, Loader load) {
    List<Component> next = change.apply(components);
    if (next.isEmpty()) {
      if (program != null) {
        XdpHook.detach(ingress.ifindex(), program.fd(), mode());
        remove(pins(folder, ingress.ifindex(), program.id()));
      }
      return 0;
    }
    if (next.size() > DispatcherConfig.MAX_SLOTS) {
      throw new Failure(
          Failure.Kind.XDP_HOOK_BUSY,
          "the dispatcher on %s has %d programs already, and room for no more; unload one"
              .formatted(ingress.name(), components.size()));
    }
    try (BpfObject object = load(next)) {
      int fd = object.program(NAME).fd();
      int id = object.program(NAME).info().id();
      Path pins = pins(folder, ingress.ifindex(), id);
      try {
        Files.createDirectory(
            pins,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (int i = 0; i < next.size(); i++) {
          int each = next.get(i).id() == 0 ? load.load(fd, i) : next.get(i).fd();
          try (FunctionLink link = FunctionLink.attach(each, fd, object.functionId(function(i)))) {
            link.pin(linkPin(pins, i));
          }
          LoadedProgram.pin(each, programPin(pins, i));
        }
        exchange(fd);
      } catch (IOException e) {
        remove(pins);
        throw new UncheckedIOException(e);
      } catch (RuntimeException | Error e) {
        remove(pins);
        throw e;
      }
      if (program != null) {
        remove(pins(folder, ingress.ifindex(), program.id()));
      }
      return id;
    }
  }

  /** Loads a program. */
  @FunctionalInterface
  interface Loader {
    int load(int dispatcher, int index);
  }

  private static BpfObject load(List<Component> components) {
    byte[] config =
        new DispatcherConfig(
                components.stream().map(Component::slot).collect(ImmutableList.toImmutableList()))
            .toBytes();
    return BpfObject.load(
        "katran",
        BpfPrograms.dispatcher(),
        fresh ->
            MemorySegment.copy(
                config, 0, fresh.constants(".rodata"), ValueLayout.JAVA_BYTE, 0, config.length));
  }

  private void exchange(int fd) {
    if (program != null) {
      XdpHook.replace(ingress.ifindex(), fd, program.fd(), mode());
      return;
    }
    try {
      XdpHook.attach(ingress.ifindex(), fd, XdpLink.Mode.NATIVE);
    } catch (BpfException e) {
      if (!e.isNotSupported()) {
        throw e;
      }
      XdpHook.attach(ingress.ifindex(), fd, XdpLink.Mode.GENERIC);
    }
  }

  private XdpLink.Mode mode() {
    return ingress.attachedMode().equals(Optional.of(AttachMode.GENERIC))
        ? XdpLink.Mode.GENERIC
        : XdpLink.Mode.NATIVE;
  }

  /** Removes the pins of a dispatcher. Programs that are pinned elsewhere, too, live on. */
  private static void remove(Path pins) {
    try (Stream<Path> files = Files.exists(pins) ? Files.list(pins) : Stream.of()) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(pins);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + pins, e);
    }
  }

  @Override
  public void close() {
    opened.forEach(LoadedProgram::close);
    if (program != null) {
      program.close();
    }
  }
}
